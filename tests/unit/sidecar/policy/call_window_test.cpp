#include "sidecar/policy/call_window.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/random.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start = TimePoint{} + std::chrono::hours(1);

std::string text(const CallCounts& counts) {
  return std::to_string(counts.calls) + " calls, " + std::to_string(counts.failed) + " failed, " +
         std::to_string(counts.slow) + " slow";
}

TEST(CountWindow, CountsTheLastCalls) {
  CountWindow window(4);
  window.add(true, false, start);
  window.add(false, true, start);
  EXPECT_EQ(text(window.counts(start)), "2 calls, 1 failed, 1 slow");
  for (int i = 0; i < 3; ++i) window.add(false, false, start);
  EXPECT_EQ(text(window.counts(start)), "4 calls, 0 failed, 1 slow");
  window.add(true, true, start);
  EXPECT_EQ(text(window.counts(start)), "4 calls, 1 failed, 1 slow");
}

TEST(CountWindow, CountsAnOverdueCallOnce) {
  CountWindow window(10);
  window.add_overdue(3, start);
  EXPECT_EQ(text(window.counts(start)), "3 calls, 0 failed, 3 slow");
  window.settle(true, start);
  window.settle(false, start);
  EXPECT_EQ(text(window.counts(start)), "3 calls, 1 failed, 3 slow");
}

TEST(CountWindow, SettlesTheOldestFirst) {
  CountWindow window(3);
  window.add_overdue(1, start);
  window.add(false, false, start);
  window.add_overdue(1, start);
  window.settle(true, start);
  window.add(false, false, start);  // Pushes out the one that failed.
  EXPECT_EQ(text(window.counts(start)), "3 calls, 0 failed, 1 slow");
}

TEST(CountWindow, AFailureThatWasPushedOutIsCountedAnew) {
  CountWindow window(2);
  window.add_overdue(1, start);
  for (int i = 0; i < 2; ++i) window.add(false, false, start);
  window.settle(false, start);
  EXPECT_EQ(text(window.counts(start)), "2 calls, 0 failed, 0 slow");
  window.settle(true, start);
  EXPECT_EQ(text(window.counts(start)), "2 calls, 1 failed, 1 slow");
}

TEST(CountWindow, TakesMoreOverdueCallsThanItHolds) {
  CountWindow window(3);
  window.add_overdue(1'000'000, start);
  EXPECT_EQ(text(window.counts(start)), "3 calls, 0 failed, 3 slow");
  for (int i = 0; i < 5; ++i) window.settle(true, start);
  EXPECT_EQ(text(window.counts(start)), "3 calls, 3 failed, 3 slow");
}

TEST(CountWindow, ForgetsAll) {
  CountWindow window(3);
  window.add_overdue(2, start);
  window.add(true, true, start);
  window.forget(start);
  EXPECT_EQ(text(window.counts(start)), "0 calls, 0 failed, 0 slow");
  window.settle(false, start);
  window.add(true, false, start);
  EXPECT_EQ(text(window.counts(start)), "1 calls, 1 failed, 0 slow");
}

TEST(CountWindow, AgreesWithAListOfCalls) {
  struct Call {
    bool failed;
    bool slow;
    bool overdue;
  };
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Random random(seed);
    const std::size_t size = 1 + random.below(20);
    CountWindow window(static_cast<std::uint32_t>(size));
    std::deque<Call> calls;
    const auto put = [&](Call call) {
      calls.push_back(call);
      if (calls.size() > size) calls.pop_front();
    };
    for (int step = 0; step < 400; ++step) {
      const bool failed = random.below(2) == 0;
      const bool slow = random.below(3) == 0;
      switch (random.below(4)) {
        case 0:
          window.add_overdue(1, start);
          put({false, true, true});
          break;
        case 1: {
          window.settle(failed, start);
          const auto oldest =
              std::find_if(calls.begin(), calls.end(), [](const Call& c) { return c.overdue; });
          if (oldest != calls.end()) {
            *oldest = {failed, true, false};
          } else if (failed) {
            put({true, true, false});
          }
          break;
        }
        default:
          window.add(failed, slow, start);
          put({failed, slow, false});
      }
      CallCounts expected{.calls = static_cast<std::uint32_t>(calls.size())};
      for (const Call& call : calls) {
        expected.failed += call.failed ? 1 : 0;
        expected.slow += call.slow ? 1 : 0;
      }
      ASSERT_EQ(text(window.counts(start)), text(expected)) << "seed " << seed << " step " << step;
    }
  }
}

TEST(TimeWindow, ForgetsWhatIsOlderThanTheWindow) {
  TimeWindow window(10s, start);
  window.add(true, false, start);
  window.add(false, true, start + 5s);
  EXPECT_EQ(text(window.counts(start + 9s)), "2 calls, 1 failed, 1 slow");
  EXPECT_EQ(text(window.counts(start + 10s)), "1 calls, 0 failed, 1 slow");
  EXPECT_EQ(text(window.counts(start + 16s)), "0 calls, 0 failed, 0 slow");
}

TEST(TimeWindow, ForgetsAllAfterALongTime) {
  TimeWindow window(1s, start);
  for (int i = 0; i < 10; ++i) window.add(true, true, start + i * 100ms);
  EXPECT_EQ(window.counts(start + 999ms).calls, 10u);
  EXPECT_EQ(text(window.counts(start + std::chrono::hours(24))), "0 calls, 0 failed, 0 slow");
  window.add(true, false, start + std::chrono::hours(24));
  EXPECT_EQ(text(window.counts(start + std::chrono::hours(24))), "1 calls, 1 failed, 0 slow");
}

TEST(TimeWindow, TakesATimeThatGoesBack) {
  TimeWindow window(1s, start);
  window.add(true, false, start + 500ms);
  window.add(true, false, start);
  EXPECT_EQ(text(window.counts(start + 500ms)), "2 calls, 2 failed, 0 slow");
}

TEST(TimeWindow, SettlesTheOldestOverdueCallWhereItWasCounted) {
  TimeWindow window(10s, start);
  window.add_overdue(1, start);
  window.add_overdue(1, start + 5s);
  window.settle(true, start + 6s);
  EXPECT_EQ(text(window.counts(start + 6s)), "2 calls, 1 failed, 2 slow");
  EXPECT_EQ(text(window.counts(start + 11s)), "1 calls, 0 failed, 1 slow");
}

TEST(TimeWindow, AFailureWhoseCallIsForgottenIsCountedAnew) {
  TimeWindow window(1s, start);
  window.add_overdue(2, start);
  window.settle(false, start + 2s);
  window.settle(true, start + 2s);
  EXPECT_EQ(text(window.counts(start + 2s)), "1 calls, 1 failed, 1 slow");
}

TEST(TimeWindow, ForgetsWhenToldTo) {
  TimeWindow window(1s, start);
  window.add_overdue(2, start);
  window.forget(start + 500ms);
  EXPECT_EQ(text(window.counts(start + 500ms)), "0 calls, 0 failed, 0 slow");
}

TEST(CallWindow, IsOfTheFormThatIsConfigured) {
  CircuitBreakerConfig config{.sliding_window_size = 2};
  CallWindow calls(config, start);
  config.sliding_window_type = CircuitBreakerConfig::Window::time;
  CallWindow time(config, start);
  for (int i = 0; i < 5; ++i) {
    calls.add(true, false, start);
    time.add(true, false, start);
  }
  EXPECT_EQ(calls.counts(start + 10s).calls, 2u);
  EXPECT_EQ(time.counts(start).calls, 5u);
  EXPECT_EQ(time.counts(start + 10s).calls, 0u);
}

}  // namespace
}  // namespace skiff
