#pragma once

#include <span>

#include "base/clock.h"
#include "base/random.h"
#include "config/schema/traffic_policy.h"
#include "sidecar/balance/endpoint.h"

namespace skiff {

// Lets a new endpoint take part in choices with a probability that rises in a straight line from
// `initial` to 1 within `window`.
class SlowStart final {
 public:
  explicit SlowStart(const SlowStartConfig& config)
      : window_(config.window), initial_(config.initial.value) {}

  // Looks for the newest of `endpoints`.
  void rebuild(std::span<Endpoint* const> endpoints);

  bool is_over(TimePoint now) const { return now >= over_at_; }

  // The share of its weight that `endpoint` has at `now`.
  double share(const Endpoint& endpoint, TimePoint now) const;

  // Whether `endpoint` takes part in this choice.
  bool admits(const Endpoint& endpoint, TimePoint now, Random& random) const {
    return is_over(now) || random.unit() < share(endpoint, now);
  }

 private:
  Duration window_;
  double initial_;
  TimePoint over_at_ = TimePoint::min();
};

}  // namespace skiff
