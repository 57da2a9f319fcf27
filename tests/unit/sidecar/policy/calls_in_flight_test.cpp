#include "sidecar/policy/calls_in_flight.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start = TimePoint{} + std::chrono::hours(1);

TEST(CallsInFlight, TellsACallThatTakesTooLongOnce) {
  CallsInFlight calls(800ms, start);
  const auto slot = calls.begin();
  EXPECT_EQ(calls.take_overdue(start + 800ms), 0u);
  EXPECT_FALSE(calls.is_overdue(slot));
  EXPECT_EQ(calls.take_overdue(start + 900ms), 1u);
  EXPECT_TRUE(calls.is_overdue(slot));
  EXPECT_EQ(calls.take_overdue(start + 2s), 0u);
}

TEST(CallsInFlight, DoesNotTellACallThatEnded) {
  CallsInFlight calls(800ms, start);
  const auto first = calls.begin();
  calls.begin();
  calls.end(first);
  EXPECT_EQ(calls.take_overdue(start + 1h), 1u);
}

TEST(CallsInFlight, ForgetsWhatItIsToldTo) {
  CallsInFlight calls(800ms, start);
  calls.begin();
  calls.forget();
  EXPECT_EQ(calls.take_overdue(start + 1h), 0u);
}

TEST(CallsInFlight, StandsStillWhereTimeGoesBack) {
  CallsInFlight calls(800ms, start);
  calls.take_overdue(start + 500ms);
  EXPECT_EQ(calls.take_overdue(start), 0u);
  const auto slot = calls.begin();
  EXPECT_FALSE(calls.is_overdue(slot));
}

// Never early, and late by an eighth of the threshold, or two milliseconds, at most.
TEST(CallsInFlight, TellsEachCallInTime) {
  struct Call {
    TimePoint begun;
    CallsInFlight::Slot slot;
    bool told = false;
  };
  for (const Duration threshold : {Duration(1ms), Duration(7ms), Duration(100ms), Duration(60s)}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      Random random(seed);
      CallsInFlight calls(threshold, start);
      std::vector<Call> open;
      TimePoint now = start;
      const Duration tolerance = std::max<Duration>(threshold / 8 + Duration(1), 2ms);
      for (int step = 0; step < 500; ++step) {
        const auto most = static_cast<std::uint64_t>(threshold.count()) / (1 + random.below(20));
        now += Duration(static_cast<Duration::rep>(random.below(most + 1)));
        std::uint32_t told = calls.take_overdue(now);
        for (Call& call : open) {
          if (call.told || !calls.is_overdue(call.slot)) continue;
          ASSERT_GE(now - call.begun, threshold);
          call.told = true;
          --told;
        }
        ASSERT_EQ(told, 0u) << "as many as are overdue";
        for (const Call& call : open) {
          ASSERT_TRUE(call.told || now - call.begun <= threshold + tolerance);
        }
        if (random.below(3) != 0) open.push_back({now, calls.begin()});
        if (open.empty() || random.below(2) == 0) continue;
        const std::size_t at = random.below(open.size());
        if (!open[at].told) calls.end(open[at].slot);
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
      }
    }
  }
}

}  // namespace
}  // namespace skiff
