#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "base/clock.h"
#include "sidecar/balance/balancer.h"
#include "sidecar/balance/slow_start.h"
#include "sidecar/balance/weighted_draw.h"

namespace skiff {

// The two endpoints between which power-of-two-choices chooses.
// Source: M. Mitzenmacher, "The power of two choices in randomized load balancing" (2001).
//
// With equal weights: two different ones, each pair equally likely. Else each is drawn by its
// weight, maybe the same twice: with equal loads the first is taken, so that shares are exactly the
// weights even when nothing is in flight. An endpoint in its slow start takes part with the
// probability of its share.
class TwoChoices final {
 public:
  explicit TwoChoices(const SlowStartConfig& slow_start) : slow_start_(slow_start) {}

  void rebuild(std::span<Endpoint* const> usable);

  // The one to compare first, and the other. Both are null where there is none, and equal where
  // only one takes part. pick.avoid is among them only where there is no other.
  using Pair = std::pair<Endpoint*, Endpoint*>;
  Pair draw(const Pick& pick, Random& random) const;

  // What one unit of in_flight weighs on `endpoint`: mean weight / its weight.
  double burden(const Endpoint& endpoint) const {
    return draw_.weights_are_equal() ? 1 : mean_weight_ / endpoint.weight;
  }

 private:
  Pair draw_two(Random& random) const;
  Pair filter(Pair pair, const Pick& pick, Random& random) const;

  WeightedDraw draw_;
  SlowStart slow_start_;
  double mean_weight_ = 1;
};

}  // namespace skiff
