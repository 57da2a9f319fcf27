#include "sidecar/balance/balancer.h"

#include "sidecar/balance/algorithms.h"

namespace skiff {

std::unique_ptr<Balancer> make_balancer(const LoadBalancingConfig& config,
                                        const SlowStartConfig& slow_start) {
  switch (config.algorithm) {
    case LoadBalancingConfig::Algorithm::p2c_ewma:
      return make_p2c_ewma(config, slow_start);
    case LoadBalancingConfig::Algorithm::least_request:
      return make_least_request(slow_start);
    case LoadBalancingConfig::Algorithm::round_robin:
      return make_round_robin(slow_start);
    case LoadBalancingConfig::Algorithm::random:
      return make_random(slow_start);
    case LoadBalancingConfig::Algorithm::ring_hash:
      return make_ring_hash(config);
    case LoadBalancingConfig::Algorithm::maglev:
      return make_maglev(config);
  }
  return nullptr;
}

}  // namespace skiff
