#include <gtest/gtest.h>

#include "sidecar/balance/algorithms.h"
#include "sidecar/balance/peak_ewma.h"
#include "tests/support/made_endpoints.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::is_within_5_sigma;
using testing::MadeEndpoints;
using testing::spread;
using testing::start;

double milliseconds(double ns) { return ns / 1e6; }

// ---- The estimate

TEST(PeakEwma, AWorseLatencyCountsAtOnceAndABetterOneByAndBy) {
  const PeakEwma estimate(LoadBalancingConfig{});  // Decay: 10s.
  MadeEndpoints endpoints = MadeEndpoints::equal(1);
  Endpoint& endpoint = endpoints[0];  // Costs 1ms.
  estimate.measured(endpoint, 50ms, false, start + 1s);
  EXPECT_NEAR(milliseconds(endpoint.cost_ns), 50, 1e-3);
  estimate.measured(endpoint, 10ms, false, start + 11s);
  EXPECT_NEAR(milliseconds(endpoint.cost_ns), 10 + 40 * std::exp(-1), 1e-3);
  estimate.measured(endpoint, 10ms, false, start + 11s);
  EXPECT_NEAR(milliseconds(endpoint.cost_ns), 10 + 40 * std::exp(-1), 1e-3) << "no time has passed";
}

TEST(PeakEwma, SinksWhileNothingIsMeasuredWhateverTheSteps) {
  const PeakEwma estimate(LoadBalancingConfig{});
  MadeEndpoints endpoints = MadeEndpoints::equal(2);
  for (TimePoint now = start; now <= start + 5s; now += 1ms) estimate.cost(endpoints[0], now);
  EXPECT_NEAR(milliseconds(endpoints[0].cost_ns), std::exp(-0.5), 1e-3);
  EXPECT_NEAR(milliseconds(estimate.cost(endpoints[1], start + 5s)), std::exp(-0.5), 1e-3);
}

TEST(PeakEwma, NeverSinksToNothingNorGrowsByAClockThatStands) {
  const PeakEwma estimate(LoadBalancingConfig{});
  MadeEndpoints endpoints = MadeEndpoints::equal(1);
  EXPECT_GT(estimate.cost(endpoints[0], start + 24h), 0);
  endpoints[0].cost_ns = 1e6F;
  EXPECT_EQ(estimate.cost(endpoints[0], start - 1h), 1e6);
}

TEST(PeakEwma, AFastErrorCostsThePenaltyAndASlowOneItsTime) {
  const PeakEwma estimate(LoadBalancingConfig{});  // Penalty: 5s.
  MadeEndpoints endpoints = MadeEndpoints::equal(1);
  estimate.measured(endpoints[0], 1ms, true, start);
  EXPECT_NEAR(milliseconds(endpoints[0].cost_ns), 5'000, 1);
  estimate.measured(endpoints[0], 7s, true, start);
  EXPECT_NEAR(milliseconds(endpoints[0].cost_ns), 7'000, 1);
}

// ---- The choice

TEST(P2cEwma, TakesTheFasterAndTheLessLoaded) {
  MadeEndpoints endpoints = MadeEndpoints::equal(2);
  const auto balancer = make_p2c_ewma({}, {});
  balancer->rebuild(endpoints.all(), start);
  endpoints[0].cost_ns = 2e6F;
  EXPECT_EQ(spread(*balancer, 1000)[&endpoints[1]], 1000) << "1ms beside 2ms";
  endpoints[1].in_flight = 3;
  EXPECT_EQ(spread(*balancer, 1000)[&endpoints[0]], 1000) << "2ms x 1 beside 1ms x 4";
}

TEST(P2cEwma, NeverTakesTheWorseOfTwo) {
  MadeEndpoints endpoints = MadeEndpoints::equal(3);
  endpoints[1].cost_ns = 5e6F;
  endpoints[2].in_flight = 9;
  const auto balancer = make_p2c_ewma({}, {});
  balancer->rebuild(endpoints.all(), start);
  auto counts = spread(*balancer, 30'000);
  EXPECT_EQ(counts[&endpoints[2]], 0) << "the worst of all loses each comparison";
  EXPECT_TRUE(is_within_5_sigma(counts[&endpoints[0]], 30'000, 2.0 / 3));
}

TEST(P2cEwma, EqualsShareEquallyAndOthersByWeight) {
  for (const std::vector<std::uint32_t>& weights :
       {std::vector<std::uint32_t>{1, 1, 1, 1}, {1, 2, 3, 4}}) {
    MadeEndpoints endpoints(weights);
    const auto balancer = make_p2c_ewma({}, {});
    balancer->rebuild(endpoints.all(), start);
    auto counts = spread(*balancer, 50'000);
    const double total = weights[0] + weights[1] + weights[2] + weights[3];
    for (std::size_t i = 0; i < 4; ++i)
      EXPECT_TRUE(is_within_5_sigma(counts[&endpoints[i]], 50'000, weights[i] / total)) << i;
  }
}

TEST(P2cEwma, WhatIsInFlightWeighsLessOnALargeWeight) {
  MadeEndpoints endpoints({1, 9});
  const auto balancer = make_p2c_ewma({}, {});
  balancer->rebuild(endpoints.all(), start);
  endpoints[0].in_flight = 1;
  endpoints[1].in_flight = 8;
  EXPECT_GT(spread(*balancer, 1000)[&endpoints[1]], 970) << "1/1 is more than 8/9";
}

TEST(P2cEwma, AnEndpointThatFailsFastIsLeftAloneForAWhile) {
  MadeEndpoints endpoints = MadeEndpoints::equal(2);
  const LoadBalancingConfig config;
  const PeakEwma estimate(config);
  const auto balancer = make_p2c_ewma(config, {});
  balancer->rebuild(endpoints.all(), start);
  estimate.measured(endpoints[0], 1ms, true, start);
  endpoints[1].in_flight = 20;
  EXPECT_EQ(spread(*balancer, 100, {start + 1s})[&endpoints[0]], 0);
  estimate.measured(endpoints[1], 1ms, false, start + 200s);
  EXPECT_EQ(spread(*balancer, 100, {start + 200s})[&endpoints[0]], 100) << "forgiven";
}

TEST(P2cEwma, ANewEndpointBeginsWithASmallShare) {
  MadeEndpoints endpoints = MadeEndpoints::equal(2);
  endpoints[0].added = start;
  endpoints[0].cost_ns = 1;  // It would win each comparison.
  const auto balancer = make_p2c_ewma({}, {30s, Ratio{0.1}});
  balancer->rebuild(endpoints.all(), start);
  EXPECT_TRUE(is_within_5_sigma(spread(*balancer, 10'000)[&endpoints[0]], 10'000, 0.1));
  EXPECT_EQ(spread(*balancer, 100, {start + 30s})[&endpoints[1]], 0);
}

}  // namespace
}  // namespace skiff
