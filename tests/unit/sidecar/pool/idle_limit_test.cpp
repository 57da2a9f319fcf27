#include "sidecar/pool/idle_limit.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

using namespace std::chrono_literals;

const TimePoint start = TimePoint{} + 1h;

IdleLimit taught_by(std::initializer_list<Duration> ages) {
  IdleLimit limit(4s);
  for (const Duration age : ages) limit.closed_after(age, start);
  return limit;
}

TEST(IdleLimit, IsTheConfiguredOneUntilItHasLearned) {
  EXPECT_EQ(IdleLimit(4s).limit(true, start), 4s);
  EXPECT_EQ(taught_by({100ms, 101ms}).limit(true, start), 4s);
}

TEST(IdleLimit, StaysBelowTheTimeAfterWhichTheBackendCloses) {
  const IdleLimit limit = taught_by({100ms, 104ms, 102ms});
  EXPECT_EQ(limit.limit(true, start), 75ms);
  EXPECT_EQ(limit.limit(false, start), 50ms) << "more careful where a retry is not allowed";
}

TEST(IdleLimit, NeverExceedsTheConfiguredOne) {
  EXPECT_EQ(taught_by({60s, 60s, 60s}).limit(true, start), 4s);
}

TEST(IdleLimit, LearnsNothingFromABackendThatRestarts) {
  EXPECT_EQ(taught_by({3ms, 900ms, 40ms}).limit(true, start), 4s);
}

TEST(IdleLimit, DoesNotTakeAClosingAtOnceForATimeout) {
  EXPECT_EQ(taught_by({1ms, 1ms, 1ms}).limit(true, start), 4s);
}

TEST(IdleLimit, ForgetsAfterTenMinutes) {
  const IdleLimit limit = taught_by({100ms, 100ms, 100ms});
  EXPECT_EQ(limit.limit(true, start + 9min), 75ms);
  EXPECT_EQ(limit.limit(true, start + 10min), 4s);
}

TEST(IdleLimit, FollowsAChangeOfTheConfiguration) {
  IdleLimit limit(4s);
  limit.configure(1s);
  EXPECT_EQ(limit.limit(true, start), 1s);
}

}  // namespace
}  // namespace skiff
