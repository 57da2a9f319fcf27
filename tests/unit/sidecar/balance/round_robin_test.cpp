#include <gtest/gtest.h>

#include <set>

#include "sidecar/balance/algorithms.h"
#include "tests/support/made_endpoints.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::is_within_5_sigma;
using testing::MadeEndpoints;
using testing::spread;
using testing::start;

TEST(RoundRobin, EqualsTakeTurnsInTheirOrder) {
  MadeEndpoints endpoints = MadeEndpoints::equal(3, 5);
  const auto balancer = make_round_robin({});
  balancer->rebuild(endpoints.all(), start);
  Random random(1);
  const Endpoint* first = balancer->pick({start}, random);
  const Endpoint* second = balancer->pick({start}, random);
  const Endpoint* third = balancer->pick({start}, random);
  EXPECT_EQ((std::set<const Endpoint*>{first, second, third}).size(), 3u);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(balancer->pick({start}, random), first);
    EXPECT_EQ(balancer->pick({start}, random), second);
    EXPECT_EQ(balancer->pick({start}, random), third);
  }
}

TEST(RoundRobin, NotAllBeginWithTheSameEndpoint) {
  MadeEndpoints endpoints = MadeEndpoints::equal(4);
  std::set<const Endpoint*> firsts;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto balancer = make_round_robin({});
    balancer->rebuild(endpoints.all(), start);
    Random random(seed);
    firsts.insert(balancer->pick({start}, random));
  }
  EXPECT_EQ(firsts.size(), 4u);
}

TEST(RoundRobin, InEachCycleEachHasItsWeightGiveOrTakeOne) {
  MadeEndpoints endpoints({5, 1, 1, 3});
  const auto balancer = make_round_robin({});
  balancer->rebuild(endpoints.all(), start);
  Random random(1);
  for (int cycle = 0; cycle < 20; ++cycle) {
    std::map<const Endpoint*, int> counts;
    for (int i = 0; i < 10; ++i) ++counts[balancer->pick({start}, random)];
    EXPECT_NEAR(counts[&endpoints[0]], 5, 1);
    EXPECT_NEAR(counts[&endpoints[1]], 1, 1);
    EXPECT_NEAR(counts[&endpoints[3]], 3, 1);
  }
}

TEST(RoundRobin, OverManyCyclesTheSharesAreTheWeights) {
  MadeEndpoints endpoints({5, 1, 1, 3});
  const auto balancer = make_round_robin({});
  balancer->rebuild(endpoints.all(), start);
  auto counts = spread(*balancer, 10'000);
  EXPECT_NEAR(counts[&endpoints[0]], 5'000, 2);
  EXPECT_NEAR(counts[&endpoints[1]], 1'000, 2);
  EXPECT_NEAR(counts[&endpoints[3]], 3'000, 2);
}

TEST(RoundRobin, SpreadsTurnsEvenly) {
  MadeEndpoints endpoints({5, 1, 1});
  const auto balancer = make_round_robin({});
  balancer->rebuild(endpoints.all(), start);
  Random random(1);
  int run = 0;
  int longest = 0;
  for (int i = 0; i < 700; ++i) {
    run = balancer->pick({start}, random) == &endpoints[0] ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  EXPECT_LE(longest, 5) << "not all five turns of two cycles in a row";
}

TEST(RoundRobin, AvoidsOneEvenThatWhichIsDueMostOften) {
  for (const std::vector<std::uint32_t>& weights :
       {std::vector<std::uint32_t>{1, 1, 1}, {100, 1, 1}}) {
    MadeEndpoints endpoints(weights);
    const auto balancer = make_round_robin({});
    balancer->rebuild(endpoints.all(), start);
    EXPECT_EQ(spread(*balancer, 500, {start, 0, &endpoints[0]})[&endpoints[0]], 0);
    EXPECT_GT(spread(*balancer, 500)[&endpoints[0]], 0) << "and comes back";
  }
  MadeEndpoints one = MadeEndpoints::equal(1);
  const auto balancer = make_round_robin({});
  balancer->rebuild(one.all(), start);
  EXPECT_EQ(spread(*balancer, 1, {start, 0, &one[0]})[&one[0]], 1);
}

TEST(RoundRobin, ANewEndpointHasItsShareOfItsWeight) {
  MadeEndpoints endpoints = MadeEndpoints::equal(2);
  endpoints[0].added = start;
  const auto balancer = make_round_robin({30s, Ratio{0.1}});
  balancer->rebuild(endpoints.all(), start);
  const int picked = spread(*balancer, 10'000, {start + 10s})[&endpoints[0]];
  EXPECT_TRUE(is_within_5_sigma(picked, 10'000, 0.4 / 1.4)) << picked;
}

TEST(RoundRobin, HasNoneWhereThereIsNone) {
  const auto balancer = make_round_robin({});
  balancer->rebuild({}, start);
  Random random(1);
  EXPECT_EQ(balancer->pick({start}, random), nullptr);
}

}  // namespace
}  // namespace skiff
