#include "sidecar/policy/outlier_ejection.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace skiff {
namespace {

using namespace std::chrono_literals;
using Ticket = Admission::Ticket;
using Names = std::vector<std::string>;

constexpr TimePoint start = TimePoint{} + std::chrono::hours(1);

class OutlierEjectionTest : public testing::Test {
 protected:
  void make(std::size_t endpoints, const OutlierEjectionConfig& config = {}) {
    ejection = std::make_unique<OutlierEjection>(
        config, "order.shop", 1,
        [this](const PolicyEvent& event) {
          EXPECT_EQ(event.policy, "outlier_ejection");
          events.push_back(std::string(event.subject).append(" -> ").append(event.to));
          reasons.push_back(event.why);
        },
        now);
    set_endpoints(endpoints);
  }
  void set_endpoints(std::size_t count) {
    std::vector<EndpointSpec> specs(count);
    for (std::size_t i = 0; i < count; ++i) specs[i].address = std::string(1, "abcdefghij"[i]);
    ejection->set_endpoints(specs);
  }

  void call(const std::string& address, Outcome outcome, int times = 1) {
    const auto watch = ejection->watch(address);
    for (int i = 0; i < times; ++i) {
      const Ticket ticket = *watch->admit(now);
      watch->answered(ticket, outcome, 1ms, now);
      watch->released(ticket, now);
    }
  }
  void fail(const std::string& address, int times = 1) { call(address, Outcome::failure, times); }
  void succeed(const std::string& address, int times = 1) {
    call(address, Outcome::success, times);
  }
  OutlierEjection::Figures figures(const std::string& address) const {
    OutlierEjection::Figures found;
    ejection->visit(
        [&](const std::string& of, const OutlierEjection::Figures& figures) {
          if (of == address) found = figures;
        },
        now);
    return found;
  }
  Names ejected() {
    ejection->version(now);
    return ejection->ejected();
  }
  // How long it stays out from now.
  Duration out_for(const std::string& address) const { return figures(address).back_in; }

  TimePoint now = start;
  std::unique_ptr<OutlierEjection> ejection;
  Names events;
  Names reasons;
};

// ---- Failures in a row

TEST_F(OutlierEjectionTest, EjectsAfterFailuresInARow) {
  make(3);
  fail("b", 4);
  EXPECT_EQ(ejected(), Names{});
  fail("b");
  EXPECT_EQ(ejected(), Names{"b"});
  EXPECT_EQ(events, Names{"order.shop b -> ejected"});
  EXPECT_TRUE(reasons[0].starts_with("5 failures in a row; 2 of 3 endpoints stay; back in 3"))
      << reasons[0];
}

TEST_F(OutlierEjectionTest, ASuccessBetweenBeginsTheRowAnew) {
  make(3);
  for (int i = 0; i < 5; ++i) {
    fail("b", 4);
    succeed("b");
  }
  EXPECT_EQ(ejected(), Names{});
}

TEST_F(OutlierEjectionTest, WhatSaysNothingIsNotCounted) {
  make(3);
  fail("b", 4);
  call("b", Outcome::neutral, 10);
  EXPECT_EQ(ejected(), Names{});
  fail("b");
  EXPECT_EQ(ejected(), Names{"b"}) << "nor does it end the row";
}

TEST_F(OutlierEjectionTest, OtherEndpointsDoNotCount) {
  make(3);
  for (int i = 0; i < 10; ++i) {
    fail("a");
    succeed("b");
    if (i % 3 == 2) succeed("a");
  }
  EXPECT_EQ(ejected(), Names{});
}

TEST_F(OutlierEjectionTest, ARowCanBeOff) {
  OutlierEjectionConfig config;
  config.consecutive_failures = 0;
  make(3, config);
  fail("a", 100);
  EXPECT_EQ(ejected(), Names{});
}

// ---- Coming back

TEST_F(OutlierEjectionTest, ComesBackAfterItsTimeAndNotBefore) {
  make(3);
  fail("b", 5);
  const Duration out = out_for("b");
  EXPECT_GE(out, 30s);
  EXPECT_LE(out, 33s);
  now += out - 1ns;
  EXPECT_EQ(ejected(), Names{"b"});
  now += 1ns;
  EXPECT_EQ(ejected(), Names{});
  EXPECT_EQ(events.back(), "order.shop b -> in");
  fail("b", 4);
  EXPECT_EQ(ejected(), Names{}) << "the row begins anew";
}

TEST_F(OutlierEjectionTest, StaysOutLongerEachTimeUpToTheLongest) {
  make(3);
  for (int time = 1; time <= 12; ++time) {
    fail("b", 5);
    const Duration base = std::min<Duration>(30s * time, 300s);
    EXPECT_GE(out_for("b"), base) << time;
    EXPECT_LE(out_for("b"), base + base / 10) << time;
    now += out_for("b");
    EXPECT_EQ(ejected(), Names{});
  }
}

TEST_F(OutlierEjectionTest, EachGoodIntervalForgivesOneEjection) {
  make(3);
  for (int i = 0; i < 4; ++i) {
    fail("b", 5);
    now += out_for("b");
    ASSERT_EQ(ejected(), Names{});
  }
  now += 25s;  // Two intervals.
  fail("b", 5);
  EXPECT_EQ(figures("b").times_ejected, 3u);
}

TEST_F(OutlierEjectionTest, WhatWasSentBeforeAChangeSaysNothing) {
  make(3);
  const auto watch = ejection->watch("b");
  const Ticket early = *watch->admit(now);
  fail("b", 5);
  now += out_for("b");
  ASSERT_EQ(ejected(), Names{});
  fail("b", 4);
  watch->answered(early, Outcome::failure, 1ms, now);
  watch->released(early, now);
  EXPECT_EQ(ejected(), Names{});
}

TEST_F(OutlierEjectionTest, VersionChangesExactlyWithWhoIsEjected) {
  make(3);
  const auto first = ejection->version(now);
  fail("b", 4);
  EXPECT_EQ(ejection->version(now), first);
  fail("b");
  const auto second = ejection->version(now);
  EXPECT_NE(second, first);
  now += out_for("b");
  EXPECT_NE(ejection->version(now), second);
}

// ---- Who must stay

TEST_F(OutlierEjectionTest, NeverLeavesFewerThanMinHealthy) {
  make(5);  // Half of five is two and a half: three stay.
  for (const char* name : {"a", "b", "c", "d"}) fail(name, 20);
  EXPECT_EQ(ejected(), (Names{"a", "b"}));
}

TEST_F(OutlierEjectionTest, OneStaysAtLeast) {
  OutlierEjectionConfig config;
  config.min_healthy = Ratio{0};
  make(2, config);
  fail("a", 20);
  fail("b", 4);
  EXPECT_EQ(ejected(), Names{"a"});
  fail("b");
  EXPECT_LT(ejected().size(), 2U);
  make(1, config);
  fail("a", 20);
  EXPECT_EQ(ejected(), Names{});
}

TEST_F(OutlierEjectionTest, WhoIsUnhealthyIsNotAmongThoseThatStay) {
  make(4);
  ejection->set_healthy("a", false);
  ejection->set_healthy("b", false);
  fail("c", 20);
  EXPECT_EQ(ejected(), Names{});
  ejection->set_healthy("b", true);
  fail("c");
  EXPECT_EQ(ejected(), Names{"c"});
}

TEST_F(OutlierEjectionTest, WhatCouldNotBeEjectedIsAsSoonAsItMay) {
  make(3);
  fail("a", 5);
  ASSERT_EQ(ejected(), Names{"a"});
  fail("b", 7);
  now += out_for("a");
  ASSERT_EQ(ejected(), Names{});
  fail("b");
  EXPECT_EQ(ejected(), Names{"b"});
  EXPECT_TRUE(reasons.back().starts_with("8 failures in a row")) << reasons.back();
}

// ---- Where nobody works

TEST_F(OutlierEjectionTest, AllComeBackWhereThoseThatStayDoNotWorkEither) {
  make(3);
  fail("a", 5);
  fail("b", 5);
  fail("c", 4);
  ASSERT_EQ(ejected(), Names{"a"});
  events.clear();
  fail("c");
  EXPECT_EQ(ejected(), Names{});
  EXPECT_EQ(events, Names{"order.shop a -> in"});
  EXPECT_EQ(reasons.back(), "those that stay do not work either");
}

TEST_F(OutlierEjectionTest, NobodyIsEjectedUntilOneWorks) {
  make(3);
  for (const char* name : {"a", "b", "c"}) fail(name, 5);
  ASSERT_EQ(ejected(), Names{});
  events.clear();
  for (int i = 0; i < 20; ++i) {
    for (const char* name : {"a", "b", "c"}) fail(name);
  }
  EXPECT_EQ(events, Names{}) << "nor do they come and go";
  succeed("b");
  fail("a");
  EXPECT_EQ(ejected(), Names{"a"});
  EXPECT_EQ(figures("a").times_ejected, 2U);
}

TEST_F(OutlierEjectionTest, AnUnhealthyEndpointIsNoneThatWorks) {
  make(4);
  fail("a", 5);
  ASSERT_EQ(ejected(), Names{"a"});
  ejection->set_healthy("d", false);
  fail("b", 5);
  fail("c", 5);
  EXPECT_EQ(ejected(), Names{});
}

TEST_F(OutlierEjectionTest, WhoWorksIsCountedByTheRowThatIsInForce) {
  OutlierEjectionConfig config;
  make(3, config);
  fail("a", 5);
  fail("b", 4);
  fail("c", 4);
  config.consecutive_failures = 4;
  ejection->configure(config, now);
  ASSERT_EQ(ejected(), Names{"a"});
  fail("b");
  EXPECT_EQ(ejected(), Names{});
}

// ---- Success rates

TEST_F(OutlierEjectionTest, EjectsWhoseSuccessRateIsFarBelowTheOthers) {
  make(10);
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h", "i"}) succeed(name, 100);
  for (int i = 0; i < 25; ++i) {
    succeed("j", 3);
    fail("j");
  }
  succeed("a");
  EXPECT_EQ(ejected(), Names{}) << "the interval is not over";
  now += 10s;
  succeed("a");
  EXPECT_EQ(ejected(), Names{"j"});
  EXPECT_TRUE(reasons[0].starts_with("75.0% succeeded, less than 83.")) << reasons[0];
}

TEST_F(OutlierEjectionTest, LooksAtRatesOnlyWhereThereAreEnough) {
  OutlierEjectionConfig config;
  config.consecutive_failures = 0;
  for (const int calls : {99, 100}) {
    make(10, config);
    for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h", "i"}) succeed(name, 200);
    fail("j", calls);
    now += 10s;
    succeed("a");
    EXPECT_EQ(ejected(), calls < 100 ? Names{} : Names{"j"});
  }
  make(4, config);
  for (const char* name : {"a", "b", "c"}) succeed(name, 200);
  fail("d", 200);
  now += 10s;
  succeed("a");
  EXPECT_EQ(ejected(), Names{}) << "four endpoints tell no spread";
}

TEST_F(OutlierEjectionTest, ResultsOfAnIntervalAreForgottenWithIt) {
  make(10);
  for (int i = 0; i < 3; ++i) {
    for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h", "i"}) succeed(name, 60);
    for (int n = 0; n < 15; ++n) {
      succeed("j", 3);
      fail("j");
    }
    now += 10s;
  }
  EXPECT_EQ(ejected(), Names{}) << "never a hundred of one interval";
}

TEST_F(OutlierEjectionTest, RatesCanBeOff) {
  OutlierEjectionConfig config;
  config.consecutive_failures = 0;
  config.success_rate_deviations_tenths = 0;
  make(10, config);
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h", "i"}) succeed(name, 100);
  fail("j", 100);
  now += 10s;
  succeed("a");
  EXPECT_EQ(ejected(), Names{});
}

// ---- Changes while running

TEST_F(OutlierEjectionTest, AChangeOfEndpointsKeepsWhoStaysAndForgetsWhoGoes) {
  make(6);
  fail("b", 5);
  fail("f", 5);
  ASSERT_EQ(ejected(), (Names{"b", "f"}));
  set_endpoints(5);
  EXPECT_EQ(ejected(), Names{"b"});
  set_endpoints(6);
  EXPECT_EQ(ejected(), Names{"b"}) << "it is new";
  EXPECT_EQ(figures("f").times_ejected, 0u);
}

TEST_F(OutlierEjectionTest, WhoWentIsHeardNoMoreAndWhoCameAgainIs) {
  make(6);
  const auto watch = ejection->watch("f");
  const Ticket ticket = *watch->admit(now);
  set_endpoints(5);
  for (int i = 0; i < 10; ++i) watch->answered(ticket, Outcome::failure, 1ms, now);
  EXPECT_EQ(ejected(), Names{});
  set_endpoints(6);
  EXPECT_EQ(ejection->watch("f"), watch) << "who holds it is heard again";
  for (int i = 0; i < 5; ++i) watch->answered(ticket, Outcome::failure, 1ms, now);
  EXPECT_EQ(ejected(), Names{"f"});
  watch->released(ticket, now);
}

TEST_F(OutlierEjectionTest, EndpointsWithoutAWeightDoNotCount) {
  make(1);
  std::vector<EndpointSpec> specs(3);
  for (std::size_t i = 0; i < 3; ++i) specs[i].address = std::string(1, "abc"[i]);
  specs[2].weight = 0;
  ejection->set_endpoints(specs);
  fail("c", 10);
  fail("a", 10);
  fail("b", 4);
  EXPECT_EQ(ejected(), Names{"a"});
}

TEST_F(OutlierEjectionTest, AChangeOfThePolicyKeepsWhoIsEjected) {
  make(3);
  fail("b", 5);
  fail("a", 3);
  OutlierEjectionConfig config;
  config.max_ejection_time = config.base_ejection_time = 2s;
  config.consecutive_failures = 4;
  ejection->configure(config, now);
  EXPECT_EQ(ejected(), Names{"b"});
  EXPECT_EQ(out_for("b"), 2s);
  now += 2s;
  EXPECT_EQ(ejected(), Names{});
  fail("a");
  EXPECT_EQ(ejected(), Names{"a"}) << "what was counted is kept";
}

TEST_F(OutlierEjectionTest, AllComeBackWhenItsPolicyIsTurnedOff) {
  make(3);
  fail("b", 5);
  fail("a", 4);
  ejection->turn_off(now);
  EXPECT_EQ(ejected(), Names{});
  EXPECT_EQ(reasons.back(), "its policy is not in force any more");
  fail("a");
  EXPECT_EQ(ejected(), Names{}) << "it begins anew";
}

}  // namespace
}  // namespace skiff
