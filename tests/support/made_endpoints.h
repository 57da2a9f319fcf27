#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "sidecar/balance/balancer.h"

namespace skiff::testing {

constexpr TimePoint start = TimePoint{} + std::chrono::hours(1000);

// Endpoints with equal estimates, as an EndpointSet would have made them long ago.
class MadeEndpoints final {
 public:
  explicit MadeEndpoints(const std::vector<std::uint32_t>& weights) : specs_(made(weights)) {
    for (std::size_t i = 0; i < weights.size(); ++i) {
      Endpoint& endpoint = *endpoints_.emplace_back(std::make_unique<Endpoint>());
      endpoint.spec = &specs_[i];
      endpoint.hash = stable_hash(specs_[i].address);
      endpoint.weight = weights[i];
      endpoint.cost_ns = 1e6F;
      endpoint.cost_at = start;
      pointers_.push_back(&endpoint);
    }
  }
  static MadeEndpoints equal(std::size_t count, std::uint32_t weight = 1) {
    return MadeEndpoints(std::vector<std::uint32_t>(count, weight));
  }

  Endpoint& operator[](std::size_t index) { return *endpoints_[index]; }
  std::size_t size() const { return endpoints_.size(); }
  std::span<Endpoint* const> all() const { return pointers_; }
  // Without one of them.
  std::vector<Endpoint*> without(std::size_t index) const {
    std::vector<Endpoint*> others = pointers_;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(index));
    return others;
  }

 private:
  static std::vector<EndpointSpec> made(const std::vector<std::uint32_t>& weights) {
    std::vector<EndpointSpec> specs;
    for (const std::uint32_t weight : weights) {
      specs.push_back({"10.0.0." + std::to_string(specs.size()) + ":80", weight, ""});
    }
    return specs;
  }

  EndpointSpecs specs_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  std::vector<Endpoint*> pointers_;
};

// How often each is picked. Each pick has a hash of its own.
inline std::map<const Endpoint*, int> spread(Balancer& balancer, int picks, Pick pick = {start}) {
  Random random(7);
  std::map<const Endpoint*, int> counts;
  for (int i = 0; i < picks; ++i) {
    pick.hash = random.next();
    ++counts[balancer.pick(pick, random)];
  }
  return counts;
}

// Whether `count` of `trials` is within five standard deviations of what `probability` gives.
inline bool is_within_5_sigma(int count, int trials, double probability) {
  const double mean = trials * probability;
  return std::abs(count - mean) <= 5 * std::sqrt(mean * (1 - probability)) + 1e-9;
}

}  // namespace skiff::testing
