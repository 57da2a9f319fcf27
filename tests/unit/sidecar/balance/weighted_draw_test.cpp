#include "sidecar/balance/weighted_draw.h"

#include <gtest/gtest.h>

#include "tests/support/made_endpoints.h"

namespace skiff {
namespace {

using testing::is_within_5_sigma;
using testing::MadeEndpoints;

TEST(WeightedDraw, DrawsByWeight) {
  constexpr int trials = 100'000;
  for (const std::vector<std::uint32_t>& weights :
       {std::vector<std::uint32_t>{1, 2, 3, 4}, {5, 5, 5, 5}, {1, 1, 1, 97}}) {
    MadeEndpoints endpoints(weights);
    WeightedDraw draw;
    draw.rebuild(endpoints.all());
    Random random(1);
    std::map<const Endpoint*, int> counts;
    for (int i = 0; i < trials; ++i) ++counts[draw.draw(random)];
    double total = 0;
    for (const std::uint32_t weight : weights) total += weight;
    for (std::size_t i = 0; i < 4; ++i)
      EXPECT_TRUE(is_within_5_sigma(counts[&endpoints[i]], trials, weights[i] / total)) << i;
  }
}

TEST(WeightedDraw, KnowsWhetherWeightsAreEqual) {
  WeightedDraw draw;
  MadeEndpoints equal = MadeEndpoints::equal(3, 7);
  draw.rebuild(equal.all());
  EXPECT_TRUE(draw.weights_are_equal());
  MadeEndpoints unequal({7, 7, 8});
  draw.rebuild(unequal.all());
  EXPECT_FALSE(draw.weights_are_equal());
}

TEST(WeightedDraw, AvoidsOneAndKeepsTheOthersShares) {
  constexpr int trials = 100'000;
  MadeEndpoints endpoints({8, 1, 3});
  WeightedDraw draw;
  draw.rebuild(endpoints.all());
  Random random(1);
  std::map<const Endpoint*, int> counts;
  for (int i = 0; i < trials; ++i) ++counts[draw.draw_other_than(&endpoints[2], random)];
  EXPECT_EQ(counts[&endpoints[2]], 0);
  EXPECT_TRUE(is_within_5_sigma(counts[&endpoints[1]], trials, 1.0 / 9));
}

TEST(WeightedDraw, AvoidsEvenWhatHasNearlyAllWeight) {
  MadeEndpoints endpoints({4'000'000'000, 1});
  WeightedDraw draw;
  draw.rebuild(endpoints.all());
  Random random(1);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(draw.draw_other_than(&endpoints[0], random), &endpoints[1]);
}

TEST(WeightedDraw, TakesWhatIsToBeAvoidedWhereThereIsNoOther) {
  MadeEndpoints endpoints = MadeEndpoints::equal(1);
  WeightedDraw draw;
  draw.rebuild(endpoints.all());
  Random random(1);
  EXPECT_EQ(draw.draw_other_than(&endpoints[0], random), &endpoints[0]);
}

}  // namespace
}  // namespace skiff
