#include "tests/support/hash_balancer_laws.h"

namespace skiff::testing {
namespace {

struct Maglev {
  static std::unique_ptr<Balancer> make(const LoadBalancingConfig& config) {
    return make_maglev(config);
  }
  static constexpr double share_error = 0.02;
  static constexpr double moved_in_vain = 0.03;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Maglev, HashBalancerLaws, Maglev);

TEST(Maglev, ATableSizeThatIsNoPrimeIsRaisedToOne) {
  LoadBalancingConfig config;
  config.table_size = 1000;
  const auto balancer = make_maglev(config);
  MadeEndpoints endpoints = MadeEndpoints::equal(7);
  balancer->rebuild(endpoints.all(), start);
  EXPECT_EQ(spread(*balancer, 1000).size(), 7u);
}

}  // namespace
}  // namespace skiff::testing
