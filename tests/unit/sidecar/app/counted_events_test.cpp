#include "sidecar/app/counted_events.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

using namespace std::chrono_literals;

class CountedEventsTest : public testing::Test {
 protected:
  void count(const char* verdict, std::uint64_t number, const char* mode = "enforce") {
    counters.limits.at({"shop/p", "callers", verdict, mode}) += number;
  }
  void redis(const char* result) {
    counters.redis_decisions.at({"shop/p", "callers", result}) += 1;
  }
  // What is told a second later.
  std::vector<std::string> later() {
    told.clear();
    events.look(now += 1s);
    return told;
  }
  void be_quiet() {
    for (int i = 0; i < 9; ++i) EXPECT_EQ(later(), Told{});
  }

  using Told = std::vector<std::string>;
  NamedCounters counters;
  PolicyStates states{{}};
  Told told;
  TimePoint now = TimePoint{} + 1h;
  CountedEvents events{counters, states, [this](const PolicyEvent& event) {
                         told.push_back(std::string(event.policy) + " " +
                                        std::string(event.subject) + " " + std::string(event.from) +
                                        ">" + std::string(event.to) + ": " + event.why);
                       }};
};

TEST_F(CountedEventsTest, TellsWhenALimitBeginsToRefuseAndWhenItHasStopped) {
  count("allowed", 20);
  EXPECT_EQ(later(), Told{});
  count("allowed", 20);
  count("limited", 5);
  EXPECT_EQ(later(),
            Told{"rate_limit shop/p/callers within>over: 5 of 25 requests were refused in 1.0s"});
  be_quiet();
  EXPECT_EQ(later(), Told{"rate_limit shop/p/callers over>within: 5 of 25 requests were refused in "
                          "11.0s, none in the last 10s"});
}

TEST_F(CountedEventsTest, OfAShadowItSaysThatNothingWasRefused) {
  count("limited", 0, "shadow");
  later();
  count("limited", 1, "shadow");
  EXPECT_EQ(later(), Told{"rate_limit shop/p/callers within>over: 1 of 1 requests would have been "
                          "refused in 1.0s"});
}

TEST_F(CountedEventsTest, TellsThatRedisDoesNotDecide) {
  redis("decided");
  EXPECT_EQ(later(), Told{});
  redis("late");
  redis("lost");
  EXPECT_EQ(later(), Told{"rate_limit shop/p/callers redis_decides>redis_fails: 2 of 2 requests "
                          "were not decided in 1.0s"});
  redis("decided");
  be_quiet();
  EXPECT_EQ(later(), Told{"rate_limit shop/p/callers redis_fails>redis_decides: 2 of 3 requests "
                          "were not decided in 11.0s, none in the last 10s"});
}

TEST_F(CountedEventsTest, TellsThatARetryBudgetIsSpent) {
  const auto target = states.of("product.shop");
  target->retry_budget().configure({.ratio = Ratio{0.0}, .min_per_second = 1});
  EXPECT_EQ(later(), Told{});
  for (int i = 0; i < 30; ++i) target->retry_budget().withdraw(now);
  EXPECT_EQ(later(), Told{"retry_budget product.shop enough>spent: 20 of 30 retries were not "
                          "allowed in 1.0s"});
  be_quiet();
  EXPECT_EQ(later(), Told{"retry_budget product.shop spent>enough: 20 of 30 retries were not "
                          "allowed in 11.0s, none in the last 10s"});
}

}  // namespace
}  // namespace skiff
