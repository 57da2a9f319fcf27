#include "config/schema/outlier_ejection.h"

#include <gtest/gtest.h>

#include "tests/support/policies.h"

namespace skiff {
namespace {

std::size_t errors_of_ejection(const std::string& fields) {
  return test::errors_of(test::policy_with("outlierEjection: {" + fields + "}")).size();
}

TEST(OutlierEjectionConfig, EjectsNoLongerThanTheMost) {
  EXPECT_EQ(errors_of_ejection("baseEjectionTime: 5s, maxEjectionTime: 5s"), 0U);
  EXPECT_EQ(errors_of_ejection("baseEjectionTime: 6s, maxEjectionTime: 5s"), 1U);
}

TEST(OutlierEjectionConfig, HasBounds) {
  for (const char* wrong :
       {"consecutiveFailures: 10001", "successRateDeviationsTenths: 101",
        "successRateMinEndpoints: 1", "successRateMinRequests: 0", "interval: 99ms",
        "baseEjectionTime: 9ms", "minHealthy: 101%", "maxEjectionPercent: 10"}) {
    EXPECT_EQ(errors_of_ejection(wrong), 1U) << wrong;
  }
}

}  // namespace
}  // namespace skiff
