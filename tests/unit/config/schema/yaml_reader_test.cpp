#include "config/schema/yaml_reader.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "config/schema/document_text.h"
#include "config/schema/snapshot.h"
#include "tests/support/policies.h"
#include "tests/support/temporary_folder.h"

namespace skiff {
namespace {

using test::TemporaryFolder;

// The lines `# expect: …` that a malformed document begins with.
std::vector<std::string> expected_errors(const std::string& text) {
  constexpr std::string_view mark = "# expect: ";
  std::vector<std::string> errors;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && line.starts_with(mark);) {
    errors.push_back(line.substr(mark.size()));
  }
  return errors;
}

TEST(MalformedPolicies, AreRefusedWithTheirPlaceAndAllThatIsWrong) {
  const auto files = test::repository_files("tests/conformance/policies", ".yaml");
  EXPECT_GE(files.size(), 60U);
  for (const std::string& file : files) {
    const std::string text = test::repository_file(file);
    EXPECT_EQ(test::errors_of(text), expected_errors(text)) << file;
  }
}

TEST(Examples, AreRight) {
  const auto files = test::repository_files("config/examples", ".yaml");
  EXPECT_GE(files.size(), 5U);
  for (const std::string& file : files) {
    const auto documents = read_text(test::repository_file(file), file);
    EXPECT_TRUE(documents) << file;
    if (!documents) ADD_FAILURE() << to_text(documents.error().front());
  }
}

TEST(Examples, SayTheSameWhenTheyAreWrittenBack) {
  for (const std::string& file : test::repository_files("config/examples", ".yaml")) {
    const std::string once = to_text(test::read_policies(test::repository_file(file)));
    EXPECT_NE(once, "") << file;
    EXPECT_EQ(to_text(test::read_policies(once)), once) << file;
  }
}

constexpr const char* service =
    "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n";
constexpr const char* sidecar =
    "apiVersion: skiff.dev/v1\nkind: Sidecar\nmetadata: {name: a}\nspec: {service: a}\n";

TEST(ReadResources, ReadsTheYamlFilesOfADirectoryByName) {
  const TemporaryFolder folder;
  folder.write("b.yaml", service);
  folder.write("a.yml", std::string(service) + "---\n{kind: Elephant}\n");
  folder.write(".hidden.yaml", "nonsense");
  folder.write("notes.txt", "nonsense");
  folder.write("inner/c.yaml", "nonsense");
  const auto refused = read_resources({folder.path()});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().size(), 1U);
  EXPECT_EQ(refused.error()[0].position.file.text(), folder.path() + "/a.yml");

  folder.write("a.yml", service);
  const auto resources = read_resources({folder.path()});
  ASSERT_TRUE(resources);
  ASSERT_EQ(resources->services.size(), 2U);
  EXPECT_EQ(resources->services[0].position.file.text(), folder.path() + "/a.yml");
}

TEST(ReadResources, RefusesASidecarsFile) {
  const TemporaryFolder folder;
  folder.write("a.yaml", sidecar);
  const auto resources = read_resources({folder.path() + "/a.yaml"});
  ASSERT_FALSE(resources);
  EXPECT_EQ(resources.error()[0].what, "a Sidecar among the policies");
}

TEST(ReadSidecar, TakesOneDocumentOfItsKind) {
  const TemporaryFolder folder;
  const std::string file = folder.path() + "/sidecar.yaml";
  folder.write("sidecar.yaml", sidecar);
  const auto config = read_sidecar(file);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->service, "a");
  EXPECT_EQ(config->admin.port, 15'000);

  folder.write("sidecar.yaml", std::string(sidecar) + "---\n" + service);
  EXPECT_FALSE(read_sidecar(file));
  folder.write("sidecar.yaml", service);
  EXPECT_FALSE(read_sidecar(file));
  EXPECT_FALSE(read_sidecar(folder.path() + "/missing.yaml"));
}

TEST(ReadDocuments, KeepsToItsLimits) {
  const TemporaryFolder folder;
  folder.write("a.yaml", service);
  folder.write("b.yaml", service);
  EXPECT_TRUE(read_documents({folder.path()}));
  EXPECT_FALSE(read_documents({folder.path()}, nullptr, {.file_bytes = 10}));
  EXPECT_FALSE(read_documents({folder.path()}, nullptr, {.total_bytes = 100}));
  EXPECT_FALSE(read_documents({folder.path()}, nullptr, {.files = 1}));
}

}  // namespace
}  // namespace skiff
