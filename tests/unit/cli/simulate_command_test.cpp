#include "cli/simulate_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/temporary_folder.h"

namespace skiff {
namespace {

using testing::HasSubstr;

// Says `skiff simulate FOLDER …` where FOLDER has one service.
class SimulateCommandLine : public testing::Test {
 protected:
  SimulateCommandLine() {
    folder_.write("service.yaml",
                  "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: product}\n"
                  "spec: {ports: [{port: 80}], endpoints: [{address: 127.0.0.1, port: 1}]}\n");
  }

  ExitCode run(std::vector<std::string> options) {
    options.insert(options.begin(), {"simulate", folder_.path()});
    out_.str("");
    err_.str("");
    return run_cli(options, out_, err_);
  }

  const test::TemporaryFolder folder_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(SimulateCommandLine, TakesAllThatIsSaid) {
  EXPECT_EQ(run({"--for", "4s", "--every", "2s", "--rps", "50", "--seed", "7", "--latency", "20ms",
                 "--kill", "product@1s+1s", "--slow", "product@3s+300ms"}),
            ExitCode::ok);
  EXPECT_THAT(out_.str(), HasSubstr("4s of virtual time, seed 7\n"));
  EXPECT_THAT(out_.str(), HasSubstr(": 50 requests a second\n"));
  EXPECT_THAT(out_.str(), HasSubstr("\n     2s "));
  EXPECT_THAT(out_.str(), HasSubstr("   1.00s  product.default is killed\n"));
  EXPECT_THAT(out_.str(), HasSubstr("   3.00s  product.default takes 300ms longer\n"));
  EXPECT_EQ(err_.str(), "");
}

TEST_F(SimulateCommandLine, SaysWhichDurationIsWrong) {
  for (const char* wrong : {"60", "0s", "2h", "soon"}) {
    EXPECT_EQ(run({"--for", wrong}), ExitCode::usage);
    EXPECT_EQ(err_.str(), "skiff: --for: expected a duration up to 1h, such as 30s or 5ms\n");
  }
  EXPECT_EQ(run({"--latency", "5"}), ExitCode::usage);
  EXPECT_THAT(err_.str(), HasSubstr("--latency"));
}

TEST_F(SimulateCommandLine, SaysHowATroubleIsWritten) {
  EXPECT_EQ(run({"--kill", "product"}), ExitCode::usage);
  EXPECT_EQ(err_.str(),
            "skiff: \"product\": expected SERVICE[/ENDPOINT]@WHEN[+FOR], such as product@10s+5s\n");
  EXPECT_EQ(run({"--errors", "product@1s"}), ExitCode::usage);
  EXPECT_THAT(err_.str(), HasSubstr("such as product@10s-20s=30%"));
}

TEST_F(SimulateCommandLine, SaysHowAHeaderAndAPathAreWritten) {
  EXPECT_EQ(run({"--for", "1s", "--header", "X-Tester: yes", "--header", "a:b", "--path", "/a?b"}),
            ExitCode::ok);
  for (const char* wrong : {"x-tester", ": yes", "x tester: yes", "x-tester:"}) {
    EXPECT_EQ(run({"--header", wrong}), ExitCode::usage) << wrong;
    EXPECT_THAT(err_.str(), HasSubstr("expected 'NAME: VALUE'\n"));
  }
  EXPECT_EQ(run({"--path", "products"}), ExitCode::usage);
  EXPECT_THAT(err_.str(), HasSubstr("--path"));
}

TEST_F(SimulateCommandLine, RefusesNumbersOutOfRange) {
  EXPECT_EQ(run({"--rps", "0"}), ExitCode::usage);
  EXPECT_EQ(run({"--places", "0"}), ExitCode::usage);
  EXPECT_EQ(run({"--sidecars", "1001"}), ExitCode::usage);
  EXPECT_EQ(run({"--seed", "x"}), ExitCode::usage);
  EXPECT_EQ(out_.str(), "");
}

}  // namespace
}  // namespace skiff
