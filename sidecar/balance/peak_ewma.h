#pragma once

#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "config/schema/traffic_policy.h"
#include "sidecar/balance/endpoint.h"

namespace skiff {

// An estimate of how long an endpoint needs: a worse latency counts at once, a better one by and
// by, and while nothing is measured the estimate sinks, so that a slow endpoint is tried again.
// Source: Twitter Finagle, "PeakEwma" (2015), and tower's peak_ewma, which descends from it.
class PeakEwma final {
 public:
  explicit PeakEwma(const LoadBalancingConfig& config)
      : decay_ns_(std::max(1.0, static_cast<double>(Duration(config.decay).count()))),
        penalty_ns_(static_cast<double>(Duration(config.error_penalty).count())) {}

  // Counts one answer. `bad` ones cost the error penalty at least.
  void measured(Endpoint& endpoint, Duration latency, bool bad, TimePoint now) const {
    double sample = static_cast<double>(latency.count());
    if (bad) sample = std::max(sample, penalty_ns_);
    const double kept = share_kept(age(endpoint, now));
    const double old = endpoint.cost_ns;
    const double cost = sample > old ? sample : old * kept + sample * (1 - kept);
    endpoint.cost_ns = static_cast<float>(cost);
    endpoint.cost_at = std::max(endpoint.cost_at, now);
  }

  // The estimate at `now`, in nanoseconds, above 0. Sinks in steps of a thousandth, to spare exp().
  double cost(Endpoint& endpoint, TimePoint now) const {
    const double x = age(endpoint, now);
    if (x > 0x1p-10) {
      const double sunk = endpoint.cost_ns * share_kept(x);
      endpoint.cost_ns = std::max(least_ns, static_cast<float>(sunk));
      endpoint.cost_at = now;
    }
    return endpoint.cost_ns;
  }

 private:
  // However long nothing was measured: what is in flight must still tell endpoints apart.
  static constexpr float least_ns = 1'000;

  // Since the estimate was last touched, in units of the decay time.
  double age(const Endpoint& endpoint, TimePoint now) const {
    return static_cast<double>((now - endpoint.cost_at).count()) / decay_ns_;
  }

  // exp(-x). The short series is right to 1e-6 where it is used.
  static double share_kept(double x) {
    if (x <= 0) return 1;
    return x < 0x1p-6 ? 1 - x + x * x / 2 : std::exp(-x);
  }

  double decay_ns_;
  double penalty_ns_;
};

}  // namespace skiff
