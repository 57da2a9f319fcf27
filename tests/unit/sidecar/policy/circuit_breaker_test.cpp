#include "sidecar/policy/circuit_breaker.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace skiff {
namespace {

using namespace std::chrono_literals;
using Ticket = Admission::Ticket;

constexpr TimePoint start = TimePoint{} + std::chrono::hours(1);

CircuitBreakerConfig small() {
  return {.sliding_window_size = 10,
          .minimum_number_of_calls = 4,
          .wait_duration_in_open_state = 10s,
          .max_wait_duration_in_open_state = 60s};
}

class CircuitBreakerTest : public testing::Test {
 protected:
  void configure(const CircuitBreakerConfig& config) {
    breaker = std::make_unique<CircuitBreaker>(
        config, "order.shop:80", 1,
        [this](const PolicyEvent& event) {
          events.push_back(std::string(event.from) + " -> " + std::string(event.to));
          reasons.push_back(event.why);
          EXPECT_EQ(event.policy, "circuit_breaker");
          EXPECT_EQ(event.subject, "order.shop:80");
        },
        now);
  }

  bool admits() { return static_cast<bool>(breaker->admit(now)); }
  Ticket admit() {
    const auto ticket = breaker->admit(now);
    EXPECT_TRUE(ticket);
    return ticket ? *ticket : Ticket{0};
  }
  void end(Ticket ticket, Outcome outcome, Duration latency = 1ms) {
    breaker->answered(ticket, outcome, latency, now);
    breaker->released(ticket, now);
  }
  void call(Outcome outcome, Duration latency = 1ms) { end(admit(), outcome, latency); }
  void calls(int count, Outcome outcome) {
    for (int i = 0; i < count; ++i) call(outcome);
  }
  void cancel(Ticket ticket) { breaker->released(ticket, now); }
  std::string state() { return std::string(breaker->status(now).state); }
  void open_it() {
    calls(4, Outcome::failure);
    ASSERT_EQ(state(), "open");
  }
  void wait_until_half_open() { now += breaker->status(now).next_trial; }

  TimePoint now = start;
  std::unique_ptr<CircuitBreaker> breaker;
  std::vector<std::string> events;
  std::vector<std::string> reasons;
  using Events = std::vector<std::string>;
};

constexpr Outcome good = Outcome::success;
constexpr Outcome bad = Outcome::failure;

// ---- Closed

TEST_F(CircuitBreakerTest, OpensWhenTheRateIsReachedAndSaysWithWhichNumbers) {
  configure(small());
  calls(2, good);
  calls(1, bad);
  EXPECT_EQ(state(), "closed");
  call(bad);
  EXPECT_EQ(state(), "open");
  EXPECT_EQ(events, Events{"closed -> open"});
  EXPECT_TRUE(reasons[0].starts_with("2 of 4 calls failed (50.0%); next trial in 10"))
      << reasons[0];
}

TEST_F(CircuitBreakerTest, OneCallLessThanTheMinimumDoesNotOpenIt) {
  CircuitBreakerConfig config;
  config.minimum_number_of_calls = 20;
  configure(config);
  calls(19, bad);
  EXPECT_EQ(state(), "closed");
  call(bad);
  EXPECT_EQ(state(), "open");
}

TEST_F(CircuitBreakerTest, ATenthOfAPercentDecides) {
  for (const int failures : {499, 500}) {
    CircuitBreakerConfig config;
    config.sliding_window_size = 1'000;
    config.minimum_number_of_calls = 1'000;
    configure(config);
    calls(1'000 - failures, good);
    calls(failures, bad);
    EXPECT_EQ(state(), failures == 500 ? "open" : "closed");
  }
}

TEST_F(CircuitBreakerTest, SharesThatHaveNoExactFractionAreExact) {
  for (const int failures : {6, 7}) {
    CircuitBreakerConfig config = small();
    config.minimum_number_of_calls = 10;
    config.failure_rate_threshold = Ratio{0.7};
    configure(config);
    calls(10 - failures, good);
    calls(failures, bad);
    EXPECT_EQ(state(), failures == 7 ? "open" : "closed");
  }
}

TEST_F(CircuitBreakerTest, NoFailureIsNoShareOfNothing) {
  CircuitBreakerConfig config = small();
  config.failure_rate_threshold = Ratio{0};
  configure(config);
  calls(20, good);
  EXPECT_EQ(state(), "closed");
  call(bad);
  EXPECT_EQ(state(), "open");
}

TEST_F(CircuitBreakerTest, OpensAfterExactlySoManyFailuresInARow) {
  CircuitBreakerConfig config;
  config.consecutive_failures = 5;
  configure(config);
  calls(4, bad);
  call(good);
  calls(4, bad);
  EXPECT_EQ(state(), "closed");
  call(bad);
  EXPECT_EQ(state(), "open");
  EXPECT_TRUE(reasons[0].starts_with("5 calls in a row failed")) << reasons[0];
}

TEST_F(CircuitBreakerTest, CallsOfATimeWindowAreForgottenWithTime) {
  CircuitBreakerConfig config = small();
  config.sliding_window_type = CircuitBreakerConfig::Window::time;
  config.sliding_window_duration = 10s;
  configure(config);
  calls(3, bad);
  now += 11s;
  call(bad);
  EXPECT_EQ(state(), "closed");
  calls(3, bad);
  EXPECT_EQ(state(), "open");
}

TEST_F(CircuitBreakerTest, WhatSaysNothingOfTheBackendIsNotCounted) {
  configure(small());
  for (int i = 0; i < 100; ++i) cancel(admit());
  EXPECT_EQ(breaker->status(now).counts.calls, 0u);
  calls(3, bad);
  EXPECT_EQ(state(), "closed");
}

// ---- Slow calls

CircuitBreakerConfig timing() {
  CircuitBreakerConfig config = small();
  config.slow_call_duration_threshold = 800ms;
  config.slow_call_rate_threshold = Ratio{0.5};
  return config;
}

TEST_F(CircuitBreakerTest, OpensWhenTooManyCallsAreSlow) {
  configure(timing());
  calls(2, good);
  call(good, 800ms);
  EXPECT_EQ(breaker->status(now).counts.slow, 0u) << "as long as the threshold is not slow";
  call(good, 801ms);
  call(good, 801ms);
  EXPECT_EQ(state(), "closed");
  call(good, 801ms);
  EXPECT_EQ(state(), "open");
  EXPECT_TRUE(reasons[0].starts_with("3 of 6 calls were slow (50.0%)")) << reasons[0];
}

TEST_F(CircuitBreakerTest, ATargetThatHangsOpensItWithinTwoThresholds) {
  CircuitBreakerConfig config = timing();
  config.slow_call_rate_threshold = Ratio{1};
  configure(config);
  calls(10, good);
  for (int i = 0; i < 20; ++i) {
    admit();
    now += 10ms;
  }
  EXPECT_EQ(state(), "closed");
  now = start + 1'600ms;
  EXPECT_FALSE(admits()) << "no answer ever came, and none was waited for";
  EXPECT_TRUE(reasons[0].starts_with("10 of 10 calls were slow (100.0%)")) << reasons[0];
}

TEST_F(CircuitBreakerTest, ACallThatIsOverdueCountsOnceWhateverBecomesOfIt) {
  configure(timing());
  calls(7, good);
  const Ticket fails = admit();
  const Ticket leaves = admit();
  const Ticket succeeds = admit();
  now += 2s;
  EXPECT_TRUE(admits());
  EXPECT_EQ(breaker->status(now).counts.slow, 3u);
  end(fails, bad, 2s);
  cancel(leaves);
  end(breaker->heard(succeeds, now), good, 2s);
  const CallCounts counts = breaker->status(now).counts;
  EXPECT_EQ(counts.calls, 10u);
  EXPECT_EQ(counts.failed, 1u);
  EXPECT_EQ(counts.slow, 3u);
}

TEST_F(CircuitBreakerTest, ALongBodyIsNotASlowCall) {
  configure(timing());
  std::vector<Ticket> downloads;
  for (int i = 0; i < 10; ++i) downloads.push_back(breaker->heard(admit(), now));
  now += 1h;
  EXPECT_TRUE(admits());
  for (const Ticket download : downloads) end(download, good, 1ms);
  EXPECT_EQ(state(), "closed");
  EXPECT_EQ(breaker->status(now).counts.slow, 0u);
  EXPECT_EQ(breaker->status(now).counts.calls, 10u);
}

TEST_F(CircuitBreakerTest, WithoutAThresholdNothingIsSlow) {
  configure(small());
  for (int i = 0; i < 10; ++i) admit();
  now += 1h;
  calls(10, good);
  call(good, 1h);
  EXPECT_EQ(state(), "closed");
  EXPECT_EQ(breaker->status(now).counts.slow, 0u);
}

// ---- Open

TEST_F(CircuitBreakerTest, RefusesWhileItIsOpenAndSaysHowLong) {
  configure(small());
  open_it();
  const auto refused = breaker->admit(now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::circuit_open);
  EXPECT_TRUE(refused.error().unprocessed);
  const Duration wait = breaker->status(now).next_trial;
  EXPECT_GE(wait, 10s);
  EXPECT_LE(wait, 11s);
  EXPECT_EQ(breaker->retry_after(now), wait);
  EXPECT_EQ(breaker->retry_after(now + wait - 1ms), 1ms);
  EXPECT_FALSE(breaker->admit(now + wait - 1ns));
  EXPECT_TRUE(breaker->admit(now + wait));
}

TEST_F(CircuitBreakerTest, OutcomesFromBeforeItOpenedAreOldNews) {
  configure(small());
  std::vector<Ticket> early;
  for (int i = 0; i < 20; ++i) early.push_back(admit());
  open_it();
  wait_until_half_open();
  const Ticket trial = admit();
  EXPECT_EQ(state(), "half_open");
  for (const Ticket ticket : early) end(ticket, bad);
  EXPECT_EQ(state(), "half_open");
  end(trial, good);
  calls(2, good);
  EXPECT_EQ(state(), "closed");
  EXPECT_EQ(breaker->status(now).failures_in_a_row, 0u);
}

TEST_F(CircuitBreakerTest, WaitsTwiceAsLongWithEveryReOpeningUpToTheMost) {
  configure(small());
  open_it();
  for (const Duration least : {10s, 20s, 40s, 60s, 60s}) {
    const Duration wait = breaker->status(now).next_trial;
    EXPECT_GE(wait, least);
    EXPECT_LE(wait, least + least / 10);
    wait_until_half_open();
    call(bad);
    ASSERT_EQ(state(), "open");
  }
  wait_until_half_open();
  calls(3, good);
  open_it();
  EXPECT_LE(breaker->status(now).next_trial, 11s) << "it had been closed meanwhile";
}

// ---- Half-open

TEST_F(CircuitBreakerTest, OfAHundredAtTheSameMomentExactlyTheTrialsPass) {
  configure(small());
  open_it();
  wait_until_half_open();
  int passed = 0;
  for (int i = 0; i < 100; ++i) passed += admits() ? 1 : 0;
  EXPECT_EQ(passed, 3);
  EXPECT_EQ(breaker->retry_after(now), 0s) << "as soon as a trial is over";
}

TEST_F(CircuitBreakerTest, ClosesWhenAllTrialsSucceed) {
  configure(small());
  open_it();
  wait_until_half_open();
  calls(2, good);
  EXPECT_EQ(state(), "half_open");
  call(good);
  EXPECT_EQ(events, (Events{"closed -> open", "open -> half_open", "half_open -> closed"}));
  EXPECT_EQ(breaker->status(now).counts.calls, 0u) << "it begins anew";
}

TEST_F(CircuitBreakerTest, BeginsAnewWhenItsPolicyIsTurnedOff) {
  configure(small());
  open_it();
  breaker->turn_off(now);
  EXPECT_EQ(events.back(), "open -> closed");
  EXPECT_EQ(reasons.back(), "its policy is not in force any more");
  calls(3, Outcome::failure);
  EXPECT_EQ(state(), "closed") << "what was counted before is forgotten";
  breaker->turn_off(now);
  EXPECT_EQ(events.size(), 2u) << "nothing changed";
  EXPECT_EQ(breaker->status(now).counts.calls, 0u);
}

TEST_F(CircuitBreakerTest, OneBadTrialOpensIt) {
  configure(small());
  open_it();
  wait_until_half_open();
  calls(2, good);
  call(bad);
  EXPECT_EQ(events.back(), "half_open -> open");
  EXPECT_TRUE(reasons.back().starts_with("a trial call failed; next trial in 2")) << reasons.back();
}

TEST_F(CircuitBreakerTest, ASlowTrialOpensItAndOneThatHangsToo) {
  configure(timing());
  for (const bool hangs : {false, true}) {
    open_it();
    wait_until_half_open();
    const Ticket trial = admit();
    if (hangs) {
      now += 1s;
      EXPECT_FALSE(admits());
    } else {
      end(trial, good, 801ms);
    }
    EXPECT_EQ(events.back(), "half_open -> open");
    EXPECT_TRUE(reasons.back().starts_with("a trial call was slow")) << reasons.back();
    wait_until_half_open();
    calls(3, good);
    ASSERT_EQ(state(), "closed");
  }
}

TEST_F(CircuitBreakerTest, ATrialThatIsCancelledGivesItsPermitBack) {
  configure(small());
  open_it();
  wait_until_half_open();
  const Ticket first = admit();
  admit();
  admit();
  EXPECT_FALSE(admits());
  cancel(first);
  EXPECT_TRUE(admits());
  EXPECT_FALSE(admits());
}

TEST_F(CircuitBreakerTest, WithARampItLetsOneThenTwoThenFourThrough) {
  CircuitBreakerConfig config = small();
  config.ramp = true;
  config.permitted_number_of_calls_in_half_open_state = 10;
  configure(config);
  open_it();
  wait_until_half_open();
  for (const std::size_t step : {1, 2, 4, 3}) {
    std::vector<Ticket> trials;
    for (int i = 0; i < 100; ++i) {
      const auto ticket = breaker->admit(now);
      if (ticket) trials.push_back(*ticket);
    }
    EXPECT_EQ(trials.size(), step);
    EXPECT_EQ(state(), "half_open");
    for (const Ticket trial : trials) end(trial, good);
  }
  EXPECT_EQ(state(), "closed");
}

TEST_F(CircuitBreakerTest, TrialsThatSayNothingForLongMakeRoomForOthers) {
  configure(small());
  open_it();
  wait_until_half_open();
  std::vector<Ticket> streams;
  for (int i = 0; i < 3; ++i) streams.push_back(breaker->heard(admit(), now));
  now += 10s - 1ns;
  EXPECT_FALSE(admits());
  now += 1ns;
  calls(2, good);
  for (const Ticket stream : streams) end(stream, bad);
  EXPECT_EQ(state(), "half_open") << "they are old news";
  call(good);
  EXPECT_EQ(state(), "closed");
}

TEST_F(CircuitBreakerTest, ATrialWhoseBodyFlowsOnDoesNotHoldUpTheOthers) {
  configure(small());
  open_it();
  wait_until_half_open();
  const Ticket tunnel = breaker->heard(admit(), now);
  breaker->answered(tunnel, good, 1ms, now);
  calls(2, good);
  EXPECT_EQ(state(), "closed");
  breaker->released(tunnel, now);
}

// ---- Modes

TEST_F(CircuitBreakerTest, ForcedOpenRefusesUntilAnOperatorSaysOtherwise) {
  configure(small());
  const Ticket early = admit();
  breaker->set_mode(BreakerMode::forced_open, now);
  EXPECT_FALSE(admits());
  EXPECT_EQ(breaker->retry_after(now), 10s);
  EXPECT_EQ(state(), "forced_open");
  end(early, good);
  now += 24h;
  EXPECT_FALSE(admits());
  breaker->set_mode(BreakerMode::automatic, now);
  EXPECT_TRUE(admits());
  EXPECT_EQ(events, (Events{"closed -> forced_open", "forced_open -> closed"}));
}

TEST_F(CircuitBreakerTest, MetricsOnlyCountsAndNeverOpens) {
  configure(timing());
  breaker->set_mode(BreakerMode::metrics_only, now);
  calls(8, bad);
  admit();
  now += 2s;
  EXPECT_TRUE(admits());
  EXPECT_EQ(state(), "metrics_only");
  EXPECT_EQ(breaker->status(now).counts.failed, 8u);
  EXPECT_EQ(breaker->status(now).counts.slow, 1u);
}

TEST_F(CircuitBreakerTest, DisabledLetsAllThroughAndCountsNothing) {
  configure(small());
  open_it();
  breaker->set_mode(BreakerMode::disabled, now);
  calls(10, bad);
  EXPECT_EQ(state(), "disabled");
  EXPECT_EQ(breaker->status(now).counts.calls, 0u);
  const Ticket early = admit();
  breaker->set_mode(BreakerMode::automatic, now);
  end(early, bad);
  EXPECT_EQ(breaker->status(now).counts.calls, 0u) << "admitted by no state";
}

TEST_F(CircuitBreakerTest, TheSameModeAgainChangesNothing) {
  configure(small());
  calls(3, bad);
  breaker->set_mode(BreakerMode::automatic, now);
  EXPECT_EQ(breaker->status(now).counts.failed, 3u);
  EXPECT_TRUE(events.empty());
}

TEST(BreakerModes, HaveNames) {
  for (const auto mode : {BreakerMode::automatic, BreakerMode::forced_open,
                          BreakerMode::metrics_only, BreakerMode::disabled}) {
    EXPECT_EQ(find_breaker_mode(to_text(mode)), mode);
  }
  EXPECT_EQ(to_text(BreakerMode::forced_open), "FORCED_OPEN");
  EXPECT_EQ(find_breaker_mode("forced_open"), std::nullopt);
}

// ---- A change of configuration

TEST_F(CircuitBreakerTest, KeepsWhatItLearnedWhereTheWindowsFormStays) {
  configure(small());
  calls(3, bad);
  CircuitBreakerConfig config = small();
  config.failure_rate_threshold = Ratio{0.9};
  breaker->configure(config, now);
  EXPECT_EQ(breaker->status(now).counts.failed, 3u);
  call(bad);
  EXPECT_EQ(state(), "open");
  config.permitted_number_of_calls_in_half_open_state = 1;
  breaker->configure(config, now);
  EXPECT_EQ(state(), "open");
  wait_until_half_open();
  call(good);
  EXPECT_EQ(state(), "closed");
}

TEST_F(CircuitBreakerTest, BeginsAnewWhereTheWindowsFormChanges) {
  configure(small());
  calls(3, bad);
  CircuitBreakerConfig config = small();
  config.sliding_window_size = 20;
  breaker->configure(config, now);
  EXPECT_EQ(breaker->status(now).counts.calls, 0u);
}

TEST_F(CircuitBreakerTest, CallsUnderWayDoNotCountAfterAChange) {
  configure(timing());
  const Ticket early = admit();
  breaker->configure(timing(), now);  // The same: nothing happens.
  CircuitBreakerConfig config = timing();
  config.slow_call_duration_threshold = 80ms;
  breaker->configure(config, now);
  end(breaker->heard(early, now), bad);
  EXPECT_EQ(breaker->status(now).counts.calls, 0u);
  now += 1s;
  EXPECT_TRUE(admits());
  EXPECT_EQ(breaker->status(now).counts.slow, 0u);
}

TEST_F(CircuitBreakerTest, AShorterWaitShortensTheOneThatRuns) {
  configure(small());
  open_it();
  CircuitBreakerConfig config = small();
  config.wait_duration_in_open_state = 100ms;
  config.max_wait_duration_in_open_state = 1s;
  breaker->configure(config, now);
  EXPECT_LE(breaker->status(now).next_trial, 1s);
}

TEST_F(CircuitBreakerTest, TheSameConfigurationChangesNothing) {
  configure(small());
  const Ticket early = admit();
  breaker->configure(small(), now);
  end(early, bad);
  EXPECT_EQ(breaker->status(now).counts.failed, 1u);
}

TEST_F(CircuitBreakerTest, TakesLessThanAKibibyte) {
  CircuitBreakerConfig config;
  EXPECT_LE(sizeof(CircuitBreaker) + config.sliding_window_size, 1'024u);
}

}  // namespace
}  // namespace skiff
