#include <gtest/gtest.h>

#include "sidecar/balance/algorithms.h"
#include "tests/support/made_endpoints.h"

namespace skiff {
namespace {

using testing::is_within_5_sigma;
using testing::MadeEndpoints;
using testing::spread;
using testing::start;

TEST(LeastRequest, NeverTakesTheMoreLoadedOfTwo) {
  MadeEndpoints endpoints = MadeEndpoints::equal(3);
  endpoints[0].in_flight = 2;
  endpoints[1].in_flight = 1;
  const auto balancer = make_least_request({});
  balancer->rebuild(endpoints.all(), start);
  auto counts = spread(*balancer, 30'000);
  EXPECT_EQ(counts[&endpoints[0]], 0);
  EXPECT_TRUE(is_within_5_sigma(counts[&endpoints[2]], 30'000, 2.0 / 3));
}

TEST(LeastRequest, ComparesInProportionToWeight) {
  MadeEndpoints endpoints({1, 4});
  const auto balancer = make_least_request({});
  balancer->rebuild(endpoints.all(), start);
  EXPECT_TRUE(is_within_5_sigma(spread(*balancer, 10'000)[&endpoints[1]], 10'000, 0.8)) << "idle";
  endpoints[0].in_flight = 10;
  endpoints[1].in_flight = 39;
  EXPECT_TRUE(is_within_5_sigma(spread(*balancer, 10'000)[&endpoints[0]], 10'000, 0.04))
      << "only where both draws are the smaller one";
}

TEST(LeastRequest, UnderLoadRequestsInFlightFollowTheWeights) {
  MadeEndpoints endpoints({1, 2, 5});
  const auto balancer = make_least_request({});
  balancer->rebuild(endpoints.all(), start);
  Random random(1);
  for (int i = 0; i < 800; ++i) ++balancer->pick({start}, random)->in_flight;
  EXPECT_NEAR(endpoints[0].in_flight, 100, 8);
  EXPECT_NEAR(endpoints[1].in_flight, 200, 10);
  EXPECT_NEAR(endpoints[2].in_flight, 500, 12);
}

TEST(LeastRequest, HasNoneWhereThereIsNone) {
  const auto balancer = make_least_request({});
  balancer->rebuild({}, start);
  Random random(1);
  EXPECT_EQ(balancer->pick({start}, random), nullptr);
}

}  // namespace
}  // namespace skiff
