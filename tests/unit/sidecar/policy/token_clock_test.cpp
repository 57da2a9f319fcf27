#include "sidecar/policy/token_clock.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start = TimePoint{} + 1h;

TEST(TokenClock, GivesWhatTheRateSays) {
  TokenClock clock;
  clock.configure({10, Rate::Per::second}, 1, start);
  EXPECT_EQ(clock.at(start), 0U);
  EXPECT_EQ(clock.at(start + 100ms), TokenClock::token - 1) << "rounded down by one part at most";
  EXPECT_NEAR(static_cast<double>(clock.at(start + 24h)), 864'000.0 * TokenClock::token, 1);
}

TEST(TokenClock, RoundsNothingThatAddsUp) {
  for (const Rate rate : {Rate{3, Rate::Per::second}, Rate{7, Rate::Per::minute},
                          Rate{999'999, Rate::Per::second}, Rate{1, Rate::Per::hour}}) {
    TokenClock clock;
    clock.configure(rate, 1, start);
    const auto periods = 3'000;
    const double exact = static_cast<double>(rate.count) * periods * TokenClock::token;
    EXPECT_NEAR(static_cast<double>(clock.at(start + periods * rate.period())), exact, 2)
        << to_text(rate);
  }
}

TEST(TokenClock, IsSharedEvenly) {
  TokenClock clock;
  clock.configure({10, Rate::Per::second}, 4, start);
  EXPECT_NEAR(static_cast<double>(clock.at(start + 4s)), 10.0 * TokenClock::token, 1);
}

TEST(TokenClock, GoesOnWhereItStandsWhenTheRateChanges) {
  TokenClock clock;
  clock.configure({10, Rate::Per::second}, 1, start);
  const std::uint64_t before = clock.at(start + 1s);
  clock.configure({1, Rate::Per::second}, 1, start + 1s);
  EXPECT_EQ(clock.at(start + 1s), before);
  EXPECT_NEAR(static_cast<double>(clock.at(start + 2s) - before), TokenClock::token, 1);
}

TEST(TokenClock, NeverGoesBack) {
  TokenClock clock;
  clock.configure({10, Rate::Per::second}, 1, start);
  EXPECT_EQ(clock.at(start - 1s), 0U);
  const std::uint64_t before = clock.at(start + 1s);
  clock.configure({10, Rate::Per::second}, 1, start + 1s);
  clock.configure({10, Rate::Per::second}, 1, start);
  EXPECT_EQ(clock.at(start), before) << "a worker that tells an earlier time";
}

TEST(TokenClock, SaysHowLongTokensTake) {
  TokenClock clock;
  clock.configure({10, Rate::Per::second}, 1, start);
  EXPECT_EQ(clock.time_for(0), 0ns);
  EXPECT_GE(clock.time_for(TokenClock::token), 100ms);
  EXPECT_LE(clock.time_for(TokenClock::token), 100ms + 2ns);
}

}  // namespace
}  // namespace skiff
