#include "sidecar/balance/health.h"

#include <gtest/gtest.h>

#include "tests/support/made_endpoints.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::start;

HealthCheckConfig config() {
  HealthCheckConfig made;
  made.interval = 10s;
  made.healthy_threshold = 2;
  made.unhealthy_threshold = 3;
  return made;
}

TEST(Health, TurnsAfterAsManyResultsInARowAsItsThresholds) {
  HealthState state(config());
  EXPECT_TRUE(state.healthy());
  EXPECT_FALSE(state.failed(start));
  EXPECT_FALSE(state.failed(start));
  EXPECT_TRUE(state.healthy());
  EXPECT_TRUE(state.failed(start)) << "the third";
  EXPECT_FALSE(state.healthy());
  EXPECT_FALSE(state.passed(start));
  EXPECT_FALSE(state.healthy());
  EXPECT_TRUE(state.passed(start)) << "the second";
  EXPECT_TRUE(state.healthy());
}

TEST(Health, AResultThatAgreesBreaksTheRow) {
  HealthState state(config());
  for (int i = 0; i < 10; ++i) {
    state.failed(start);
    state.failed(start);
    state.passed(start);
  }
  EXPECT_TRUE(state.healthy());
  for (int i = 0; i < 3; ++i) state.failed(start);
  state.passed(start);
  state.failed(start);
  state.passed(start);
  EXPECT_FALSE(state.healthy());
}

TEST(Health, ReportsAChangeOnce) {
  HealthState state(config());
  int changes = 0;
  for (int i = 0; i < 10; ++i)
    if (state.failed(start)) ++changes;
  EXPECT_EQ(changes, 1);
}

TEST(Health, TheFirstChecksAreSpreadOverAnInterval) {
  const HealthState state(config());
  Random random(1);
  Duration least = 1h;
  Duration most = 0s;
  for (int i = 0; i < 1000; ++i) {
    const Duration wait = state.next_check(start, random) - start;
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_GE(least, 0s);
  EXPECT_LT(least, 1s);
  EXPECT_GT(most, 9s);
  EXPECT_LT(most, 10s);
}

TEST(Health, LaterChecksFollowTheLastResultWithinATenth) {
  HealthState state(config());
  state.passed(start);
  Random random(1);
  Duration least = 1h;
  Duration most = 0s;
  for (int i = 0; i < 1000; ++i) {
    const Duration wait = state.next_check(start + 1s, random) - start;
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_GE(least, 9s);
  EXPECT_LT(least, 9100ms);
  EXPECT_GT(most, 10900ms);
  EXPECT_LE(most, 11s);
  EXPECT_EQ(state.next_check(start + 1h, random), start + 1h) << "overdue: now";
}

}  // namespace
}  // namespace skiff
