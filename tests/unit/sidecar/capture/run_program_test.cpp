#include "sidecar/capture/run_program.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

TEST(RunProgram, GivesTheExitStatus) {
  EXPECT_EQ(run_program({"true"}, {}, true), 0);
  EXPECT_EQ(run_program({"sh", "-c", "exit 7"}, {}, true), 7);
}

TEST(RunProgram, TellsAProgramThatIsMissing) {
  EXPECT_EQ(run_program({"no-program-of-this-name"}, "input", true), 127);
}

TEST(RunProgram, TellsASignal) {
  EXPECT_EQ(run_program({"sh", "-c", "kill -9 $$"}, {}, true), 128 + 9);
}

TEST(RunProgram, GivesItsInputWholeHoweverLong) {
  const std::string input(1 << 20, 'x');
  EXPECT_EQ(run_program({"sh", "-c", "test $(wc -c) = 1048576"}, input, true), 0);
}

TEST(RunProgram, OutlivesAProgramThatReadsNothing) {
  const std::string input(1 << 20, 'x');
  EXPECT_EQ(run_program({"sh", "-c", "exec <&-; exit 3"}, input, true), 3);
}

TEST(RunProgram, IsQuietOnlyWhenAsked) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_program({"echo", "several words"}, {}, true), 0);
  EXPECT_EQ(run_program({"echo", "said"}, {}, false), 0);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "said\n");
}

}  // namespace
}  // namespace skiff
