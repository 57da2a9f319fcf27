#include "cli/validate.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/temporary_folder.h"

namespace skiff {
namespace {

constexpr const char* service =
    "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n";

TEST(Validate, CountsWhatIsRight) {
  const test::TemporaryFolder folder;
  folder.write("a.yaml", service);
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(validate({folder.path()}, out, err), ExitCode::ok);
  EXPECT_EQ(out.str(), "1 resource in 1 file: ok\n");
  EXPECT_EQ(err.str(), "");
}

TEST(Validate, WarnsOfWhatIsProbablyNotMeant) {
  const test::TemporaryFolder folder;
  folder.write("a.yaml",
               "apiVersion: skiff.dev/v1\nkind: MeshTLS\nmetadata: {name: a}\n"
               "spec: {mode: strict}\n");
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(validate({folder.path()}, out, err), ExitCode::ok);
  EXPECT_EQ(out.str(), "1 resource in 1 file: ok\n");
  EXPECT_EQ(err.str(), folder.path() +
                           "/a.yaml:1:1: metadata.namespace: there is no Service in "
                           "namespace \"default\" (warning)\n");
}

TEST(Validate, TellsEachViolationAndTheirCount) {
  const test::TemporaryFolder folder;
  folder.write("a.yaml",
               "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: A}\nspec: {prots: []}\n");
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(validate({folder.path()}, out, err), ExitCode::bad_input);
  EXPECT_EQ(out.str(), "");
  EXPECT_NE(err.str().find(folder.path() +
                           "/a.yaml:4:8: spec.prots: unknown field; did you mean \"ports\"?\n"),
            std::string::npos);
  EXPECT_TRUE(err.str().ends_with("3 violations\n"));
}

TEST(Validate, ChecksASidecarAgainstThePoliciesBesideIt) {
  const test::TemporaryFolder folder;
  folder.write("s.yaml",
               "apiVersion: skiff.dev/v1\nkind: Sidecar\nmetadata: {name: a}\n"
               "spec: {service: a, outbound: [{port: 1, service: b}]}\n");
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(validate({folder.path()}, out, err), ExitCode::ok) << "its policies are elsewhere";
  folder.write("a.yaml", service);
  EXPECT_EQ(validate({folder.path()}, out, err), ExitCode::bad_input);
}

}  // namespace
}  // namespace skiff
