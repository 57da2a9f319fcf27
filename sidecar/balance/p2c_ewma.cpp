#include "sidecar/balance/algorithms.h"
#include "sidecar/balance/peak_ewma.h"
#include "sidecar/balance/two_choices.h"

namespace skiff {
namespace {

class P2cEwma final : public Balancer {
 public:
  P2cEwma(const LoadBalancingConfig& config, const SlowStartConfig& slow_start)
      : estimate_(config), choices_(slow_start) {}

  void rebuild(std::span<Endpoint* const> usable, TimePoint) override { choices_.rebuild(usable); }

  Endpoint* pick(const Pick& pick, Random& random) override {
    const auto [first, second] = choices_.draw(pick, random);
    if (first == second) return first;
    return load(*second, pick.now) < load(*first, pick.now) ? second : first;
  }

 private:
  double load(Endpoint& endpoint, TimePoint now) const {
    return estimate_.cost(endpoint, now) * (endpoint.in_flight * choices_.burden(endpoint) + 1);
  }

  PeakEwma estimate_;
  TwoChoices choices_;
};

}  // namespace

std::unique_ptr<Balancer> make_p2c_ewma(const LoadBalancingConfig& config,
                                        const SlowStartConfig& slow_start) {
  return std::make_unique<P2cEwma>(config, slow_start);
}

}  // namespace skiff
