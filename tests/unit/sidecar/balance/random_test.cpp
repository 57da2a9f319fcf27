#include "base/random.h"

#include <gtest/gtest.h>

#include "sidecar/balance/algorithms.h"
#include "tests/support/made_endpoints.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::is_within_5_sigma;
using testing::MadeEndpoints;
using testing::spread;
using testing::start;

TEST(RandomChoice, DrawsByWeightWhateverTheLoad) {
  MadeEndpoints endpoints({1, 2, 7});
  endpoints[2].in_flight = 100;
  const auto balancer = make_random({});
  balancer->rebuild(endpoints.all(), start);
  auto counts = spread(*balancer, 50'000);
  EXPECT_TRUE(is_within_5_sigma(counts[&endpoints[0]], 50'000, 0.1));
  EXPECT_TRUE(is_within_5_sigma(counts[&endpoints[1]], 50'000, 0.2));
}

TEST(RandomChoice, AvoidsOne) {
  MadeEndpoints endpoints = MadeEndpoints::equal(3);
  const auto balancer = make_random({});
  balancer->rebuild(endpoints.all(), start);
  auto counts = spread(*balancer, 10'000, {start, 0, &endpoints[1]});
  EXPECT_EQ(counts[&endpoints[1]], 0);
  EXPECT_TRUE(is_within_5_sigma(counts[&endpoints[0]], 10'000, 0.5));
}

TEST(RandomChoice, ANewEndpointHasItsShareOfItsWeight) {
  MadeEndpoints endpoints = MadeEndpoints::equal(2);
  endpoints[0].added = start;
  const auto balancer = make_random({30s, Ratio{0.1}});
  balancer->rebuild(endpoints.all(), start);
  const int picked = spread(*balancer, 10'000, {start + 10s})[&endpoints[0]];
  EXPECT_TRUE(is_within_5_sigma(picked, 10'000, 0.4 / 1.4)) << picked;
}

TEST(RandomChoice, HasNoneWhereThereIsNone) {
  const auto balancer = make_random({});
  balancer->rebuild({}, start);
  Random random(1);
  EXPECT_EQ(balancer->pick({start}, random), nullptr);
}

}  // namespace
}  // namespace skiff
