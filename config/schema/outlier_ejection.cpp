#include "config/schema/outlier_ejection.h"

#include "config/schema/shape.h"

namespace skiff {
namespace {

using std::chrono::hours;

void check_ejection(const OutlierEjectionConfig& config, const Complain& complain) {
  if (config.base_ejection_time <= config.max_ejection_time) return;
  complain("baseEjectionTime",
           to_text(config.base_ejection_time) + " is longer than maxEjectionTime",
           "at most " + to_text(config.max_ejection_time));
}

}  // namespace

Shape describe(Of<OutlierEjectionConfig>) {
  using Config = OutlierEjectionConfig;
  Shape shape = Shape::of<Config>("Leaves out single endpoints that fail while others work.");
  shape
      .field("consecutiveFailures", &Config::consecutive_failures,
             "Ejects after so many failures in a row: 5xx, no answer, or one that broke off. 0: "
             "does not.")
      .range(0, 10'000);
  shape
      .field("successRateDeviationsTenths", &Config::success_rate_deviations_tenths,
             "Ejects whose success rate is so many tenths of a standard deviation below the mean. "
             "0: does not.")
      .range(0, 100);
  shape
      .field("successRateMinEndpoints", &Config::success_rate_min_endpoints,
             "The rate is looked at where so many endpoints have enough requests.")
      .range(2, 100'000);
  shape
      .field("successRateMinRequests", &Config::success_rate_min_requests,
             "Enough requests of one endpoint within an interval.")
      .range(1, 1'000'000);
  shape.field("interval", &Config::interval, "How often rates are looked at.")
      .range(Milliseconds(100), hours(1));
  shape
      .field("baseEjectionTime", &Config::base_ejection_time,
             "How long the first ejection lasts; the n-th n times as long.")
      .range(Milliseconds(10), hours(1));
  shape.field("maxEjectionTime", &Config::max_ejection_time, "The longest ejection.")
      .range(Milliseconds(10), hours(24));
  shape.field("minHealthy", &Config::min_healthy,
              "So many of the endpoints stay whatever they do, and at least one.");
  shape.check(&check_ejection);
  return shape;
}

}  // namespace skiff
