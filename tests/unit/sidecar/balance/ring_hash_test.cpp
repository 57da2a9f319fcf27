#include "tests/support/hash_balancer_laws.h"

namespace skiff::testing {
namespace {

struct RingHash {
  static std::unique_ptr<Balancer> make(const LoadBalancingConfig& config) {
    return make_ring_hash(config);
  }
  static constexpr double share_error = 0.10;
  static constexpr double moved_in_vain = 0;
};

INSTANTIATE_TYPED_TEST_SUITE_P(RingHash, HashBalancerLaws, RingHash);

}  // namespace
}  // namespace skiff::testing
