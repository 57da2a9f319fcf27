#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "sidecar/balance/endpoint.h"

namespace skiff {

// Draws endpoints at random, each with the probability that its weight says. Equal weights cost one
// multiplication, others a binary search.
class WeightedDraw final {
 public:
  void rebuild(std::span<Endpoint* const> endpoints);

  std::size_t size() const { return endpoints_.size(); }
  Endpoint* operator[](std::size_t index) const { return endpoints_[index]; }
  bool weights_are_equal() const { return ends_.empty(); }

  // Need at least one endpoint.
  Endpoint* draw(Random& random) const;
  // One that is not `avoid`, where there is another.
  Endpoint* draw_other_than(const Endpoint* avoid, Random& random) const;

 private:
  std::span<Endpoint* const> endpoints_;
  std::vector<std::uint64_t> ends_;  // Running sums of weights; empty where all are equal.
};

}  // namespace skiff
