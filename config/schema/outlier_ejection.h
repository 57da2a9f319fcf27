#pragma once

#include <cstdint>

#include "base/units.h"
#include "config/schema/described.h"

namespace skiff {

// Leaves out single endpoints that fail while others work.
// Source: Envoy's outlier detection, for the algorithms and most numbers.
struct OutlierEjectionConfig {
  std::uint32_t consecutive_failures = 5;  // 5xx, no answer, or an answer that broke off. 0: off.
  // By success rate: below the mean of all less so many standard deviations. 0: off. In tenths.
  std::uint32_t success_rate_deviations_tenths = 19;
  std::uint32_t success_rate_min_endpoints = 5;
  std::uint32_t success_rate_min_requests = 100;  // Within one interval, of each endpoint.
  Milliseconds interval{10'000};
  Milliseconds base_ejection_time{30'000};  // Times how often it was ejected.
  Milliseconds max_ejection_time{300'000};
  Ratio min_healthy{0.5};  // So many of the endpoints stay, and one at least.

  bool operator==(const OutlierEjectionConfig&) const = default;
};

Shape describe(Of<OutlierEjectionConfig>);

}  // namespace skiff
