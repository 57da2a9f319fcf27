#include "cli/cli.h"

#include <gtest/gtest.h>

#include <sstream>

namespace skiff {
namespace {

struct Outcome {
  ExitCode code;
  std::string out;
  std::string err;
};

Outcome run(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const ExitCode code = run_cli(arguments, out, err);
  return {code, out.str(), err.str()};
}

TEST(Cli, BeginsItsHelpWithExamples) {
  const Outcome help = run({"--help"});
  EXPECT_EQ(help.code, ExitCode::ok);
  EXPECT_TRUE(help.out.starts_with("Examples:\n  skiff validate"));
  EXPECT_EQ(help.err, "");
}

TEST(Cli, SuggestsACommand) {
  const Outcome typo = run({"validat", "x"});
  EXPECT_EQ(typo.code, ExitCode::usage);
  EXPECT_EQ(typo.err, "skiff: unknown command \"validat\"; did you mean \"validate\"?\n");
}

TEST(Cli, EndsWith64OnWrongUsage) {
  EXPECT_EQ(run({}).code, ExitCode::usage);
  EXPECT_EQ(run({"validate"}).code, ExitCode::usage);
  EXPECT_EQ(run({"elephant"}).code, ExitCode::usage);
  EXPECT_EQ(run({"schema", "Elephant"}).code, ExitCode::usage);
  EXPECT_EQ(run({"explain", "HTTPRoute.rule"}).code, ExitCode::usage);
  EXPECT_EQ(run({"version", "--loud"}).code, ExitCode::usage);
}

TEST(Cli, EndsWith65OnBadInput) {
  const Outcome missing = run({"validate", "/nowhere.yaml"});
  EXPECT_EQ(missing.code, ExitCode::bad_input);
  EXPECT_EQ(missing.err, "/nowhere.yaml: cannot be read: No such file or directory\n1 violation\n");
}

TEST(Cli, ExplainsAndPrintsSchemas) {
  EXPECT_TRUE(run({"explain", "Service.ports"}).out.starts_with("Service.spec.ports\n"));
  EXPECT_NE(run({"explain"}).out.find("TrafficPolicy  "), std::string::npos);
  EXPECT_TRUE(run({"schema", "Service"}).out.starts_with("{\n  \"$schema\""));
  EXPECT_TRUE(run({"reference"}).out.starts_with("# Reference\n"));
  EXPECT_TRUE(run({"version"}).out.starts_with("skiff "));
}

}  // namespace
}  // namespace skiff
