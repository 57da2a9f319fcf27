#include "sidecar/balance/balancer.h"

#include <gtest/gtest.h>

#include "tests/support/made_endpoints.h"

namespace skiff {
namespace {

using testing::MadeEndpoints;
using testing::spread;
using testing::start;

using Algorithm = LoadBalancingConfig::Algorithm;

constexpr Algorithm all_algorithms[] = {Algorithm::p2c_ewma,    Algorithm::least_request,
                                        Algorithm::round_robin, Algorithm::random,
                                        Algorithm::ring_hash,   Algorithm::maglev};

class EachBalancer : public ::testing::TestWithParam<Algorithm> {
 protected:
  std::unique_ptr<Balancer> make() const {
    LoadBalancingConfig config;
    config.algorithm = GetParam();
    return make_balancer(config, {});
  }
};

INSTANTIATE_TEST_SUITE_P(Balancer, EachBalancer, ::testing::ValuesIn(all_algorithms));

TEST_P(EachBalancer, PicksEachInEqualShare) {
  MadeEndpoints endpoints = MadeEndpoints::equal(4, 3);
  const auto balancer = make();
  balancer->rebuild(endpoints.all(), start);
  auto counts = spread(*balancer, 20'000);
  EXPECT_EQ(counts.size(), 4u);
  for (const auto& [endpoint, count] : counts) EXPECT_NEAR(count, 5'000, 600);
}

TEST_P(EachBalancer, NeverPicksWhatLeft) {
  MadeEndpoints endpoints = MadeEndpoints::equal(4);
  const auto balancer = make();
  balancer->rebuild(endpoints.all(), start);
  spread(*balancer, 10);
  const std::vector<Endpoint*> others = endpoints.without(2);
  balancer->rebuild(others, start);
  EXPECT_EQ(spread(*balancer, 1000).count(&endpoints[2]), 0u);
  balancer->rebuild({}, start);
  EXPECT_EQ(spread(*balancer, 1).begin()->first, nullptr);
}

TEST_P(EachBalancer, AvoidsOneWhereThereIsAnother) {
  MadeEndpoints endpoints = MadeEndpoints::equal(2);
  const auto balancer = make();
  balancer->rebuild(endpoints.all(), start);
  EXPECT_EQ(spread(*balancer, 500, {start, 0, &endpoints[0]})[&endpoints[1]], 500);
}

}  // namespace
}  // namespace skiff
