#include "config/schema/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/temporary_folder.h"

namespace skiff {
namespace {

using test::TemporaryFolder;

TEST(ListYamlFiles, NamesEachFileOnce) {
  const TemporaryFolder folder;
  folder.write("b.yaml", "");
  folder.write("a.yml", "");
  Violations violations;
  const std::string b = folder.path() + "/b.yaml";
  const auto files =
      list_yaml_files({folder.path(), b, folder.path() + "/./b.yaml"}, 10, violations);
  EXPECT_EQ(files, (std::vector<std::string>{folder.path() + "/a.yml", b}));
  EXPECT_TRUE(violations.empty());
}

TEST(ListYamlFiles, RefusesADirectoryWithoutPolicies) {
  const TemporaryFolder folder;
  Violations violations;
  list_yaml_files({folder.path()}, 10, violations);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(to_text(violations[0]),
            folder.path() + ": has no policies in it; expected *.yaml or *.yml files");
}

TEST(ReadFile, GivesAllBytes) {
  const TemporaryFolder folder;
  const std::string text("a\0b\n", 4);
  folder.write("a", text);
  EXPECT_EQ(*read_file(folder.path() + "/a", 4), text);
  EXPECT_EQ(read_file(folder.path() + "/a", 3).error().what, "is too large; expected at most 3B");
}

TEST(ReadFile, SaysWhyItCannot) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_file(folder.path() + "/missing", 10).error().what,
            "cannot be read: No such file or directory");
  EXPECT_EQ(read_file(folder.path(), 10).error().what, "is not a file");
  const std::string fifo = folder.path() + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(read_file(fifo, 10).error().what, "is not a file") << "and does not wait for a writer";
}

}  // namespace
}  // namespace skiff
