#include "config/schema/wait_for_ready.h"

#include <gtest/gtest.h>

#include "tests/support/policies.h"

namespace skiff {
namespace {

std::size_t errors_of_wait(const std::string& wait) {
  return test::errors_of(test::policy_with("waitForReady: " + wait)).size();
}

TEST(WaitForReadyConfig, IsRead) {
  const Documents documents = test::read_policies(
      test::policy_with("waitForReady: {maxWait: 2s, interval: 20ms, maxWaiting: 7}"));
  const auto& wait = documents.resources.traffic_policies.at(0).wait_for_ready;
  EXPECT_EQ(wait,
            (WaitForReadyConfig{
                .max_wait = Milliseconds(2'000), .interval = Milliseconds(20), .max_waiting = 7}));
}

TEST(WaitForReadyConfig, IsOffUnlessThePolicySaysSo) {
  const Documents documents = test::read_policies(test::policy_with("timeouts: {request: 1s}"));
  EXPECT_FALSE(documents.resources.traffic_policies.at(0).wait_for_ready);
}

TEST(WaitForReadyConfig, RefusesWhatMakesNoSense) {
  EXPECT_EQ(errors_of_wait("{}"), 0U);
  EXPECT_EQ(errors_of_wait("{maxWait: 10ms}"), 0U);
  EXPECT_EQ(errors_of_wait("{maxWait: 9ms}"), 1U) << "it is shorter than the interval";
  EXPECT_EQ(errors_of_wait("{maxWait: 0s}"), 1U);
  EXPECT_EQ(errors_of_wait("{maxWait: 2m}"), 1U);
  EXPECT_EQ(errors_of_wait("{interval: 0s}"), 1U);
  EXPECT_EQ(errors_of_wait("{maxWaiting: 0}"), 1U);
  EXPECT_EQ(errors_of_wait("{maxWait: 250}"), 1U) << "it has no unit";
  EXPECT_EQ(errors_of_wait("{maxwait: 1s}"), 1U);
}

}  // namespace
}  // namespace skiff
