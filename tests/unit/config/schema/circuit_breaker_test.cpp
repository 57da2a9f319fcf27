#include "config/schema/circuit_breaker.h"

#include <gtest/gtest.h>

#include "tests/support/policies.h"

namespace skiff {
namespace {

std::size_t errors_of_breaker(const std::string& fields) {
  return test::errors_of(test::policy_with("circuitBreaker: {" + fields + "}")).size();
}

TEST(CircuitBreakerConfig, IsReadFromItsExample) {
  const Documents documents =
      test::read_policies(test::repository_file("config/examples/circuit_breaker.yaml"));
  ASSERT_EQ(documents.resources.traffic_policies.size(), 1U);
  const auto& breaker = documents.resources.traffic_policies[0].circuit_breaker;
  ASSERT_TRUE(breaker);
  CircuitBreakerConfig expected;
  expected.sliding_window_size = 50;
  expected.slow_call_duration_threshold = Milliseconds(2'000);
  expected.slow_call_rate_threshold = Ratio{0.8};
  expected.consecutive_failures = 5;
  expected.wait_duration_in_open_state = Milliseconds(5'000);
  expected.permitted_number_of_calls_in_half_open_state = 7;
  expected.ramp = true;
  EXPECT_EQ(*breaker, expected);
}

TEST(CircuitBreakerConfig, WantsNoMoreCallsThanItsWindowHolds) {
  EXPECT_EQ(errors_of_breaker("slidingWindowSize: 20, minimumNumberOfCalls: 20"), 0U);
  EXPECT_EQ(errors_of_breaker("slidingWindowSize: 19, minimumNumberOfCalls: 20"), 1U);
  EXPECT_EQ(errors_of_breaker("slidingWindowType: TIME, minimumNumberOfCalls: 5000"), 0U);
}

TEST(CircuitBreakerConfig, WaitsNoLongerThanTheMost) {
  EXPECT_EQ(errors_of_breaker("waitDurationInOpenState: 5s, maxWaitDurationInOpenState: 5s"), 0U);
  EXPECT_EQ(errors_of_breaker("waitDurationInOpenState: 6s, maxWaitDurationInOpenState: 5s"), 1U);
}

TEST(CircuitBreakerConfig, HasAWindowOfOneForm) {
  EXPECT_EQ(errors_of_breaker("slidingWindowType: TIME, slidingWindowDuration: 30s"), 0U);
  EXPECT_EQ(errors_of_breaker("slidingWindowType: TIME, slidingWindowSize: 100"), 1U);
  EXPECT_EQ(errors_of_breaker("slidingWindowType: COUNT, slidingWindowDuration: 30s"), 1U);
}

TEST(CircuitBreakerConfig, HasBounds) {
  for (const char* wrong :
       {"slidingWindowSize: 0", "slidingWindowSize: 10001", "minimumNumberOfCalls: 0",
        "failureRateThreshold: 101%", "waitDurationInOpenState: 0ms",
        "permittedNumberOfCallsInHalfOpenState: 0", "slowCallDurationThreshold: 2h",
        "consecutiveFailures: -1", "failureRate: 50%"}) {
    EXPECT_EQ(errors_of_breaker(wrong), 1U) << wrong;
  }
}

}  // namespace
}  // namespace skiff
