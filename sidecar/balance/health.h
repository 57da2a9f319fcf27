#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/random.h"
#include "config/schema/traffic_policy.h"

namespace skiff {

// What active checks say of one endpoint. A decider: told the results and the time.
//
//   healthy -- `unhealthyThreshold` failures in a row --> unhealthy
//   unhealthy -- `healthyThreshold` passes in a row --> healthy
//
// Begins healthy: an endpoint that was never checked is used.
class HealthState final {
 public:
  explicit HealthState(const HealthCheckConfig& config) : config_(config) {}

  // The result of one check, which ended at `now`. True where it changed healthy().
  bool passed(TimePoint now);
  bool failed(TimePoint now);

  bool healthy() const { return healthy_; }

  // When to check next: `interval` ± 10 % after the last result, so that sidecars do not check in
  // step; before the first result, some time within an interval from `now`.
  TimePoint next_check(TimePoint now, Random& random) const;

 private:
  bool count(bool contradicts, std::uint32_t threshold, TimePoint now);

  HealthCheckConfig config_;
  bool healthy_ = true;
  bool checked_ = false;
  TimePoint last_result_{};
  std::uint32_t contradicting_ = 0;  // Results in a row that say otherwise.
};

}  // namespace skiff
