#include "sidecar/balance/two_choices.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/made_endpoints.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::is_within_5_sigma;
using testing::MadeEndpoints;
using testing::start;

constexpr int trials = 60'000;

TEST(TwoChoices, WithEqualWeightsEachPairOfDifferentOnesIsEquallyLikely) {
  MadeEndpoints endpoints = MadeEndpoints::equal(3, 5);
  TwoChoices choices({});
  choices.rebuild(endpoints.all());
  Random random(1);
  std::map<TwoChoices::Pair, int> counts;
  for (int i = 0; i < trials; ++i) ++counts[choices.draw({start}, random)];
  EXPECT_EQ(counts.size(), 6u);
  for (const auto& [pair, count] : counts) {
    EXPECT_NE(pair.first, pair.second);
    EXPECT_TRUE(is_within_5_sigma(count, trials, 1.0 / 6)) << count;
  }
}

TEST(TwoChoices, WithOtherWeightsEachIsDrawnByItsWeight) {
  MadeEndpoints endpoints({1, 3});
  TwoChoices choices({});
  choices.rebuild(endpoints.all());
  Random random(1);
  int first = 0;
  int second = 0;
  for (int i = 0; i < trials; ++i) {
    const auto pair = choices.draw({start}, random);
    if (pair.first == &endpoints[1]) ++first;
    if (pair.second == &endpoints[1]) ++second;
  }
  EXPECT_TRUE(is_within_5_sigma(first, trials, 0.75)) << first;
  EXPECT_TRUE(is_within_5_sigma(second, trials, 0.75)) << second;
  EXPECT_DOUBLE_EQ(choices.burden(endpoints[0]), 2);
  EXPECT_DOUBLE_EQ(choices.burden(endpoints[1]), 2.0 / 3);
}

TEST(TwoChoices, WhatIsToBeAvoidedIsInNoPair) {
  for (const std::vector<std::uint32_t>& weights :
       {std::vector<std::uint32_t>{1, 1, 1}, {1, 1, 98}}) {
    MadeEndpoints endpoints(weights);
    TwoChoices choices({});
    choices.rebuild(endpoints.all());
    Random random(1);
    for (int i = 0; i < 1000; ++i) {
      const auto pair = choices.draw({start, 0, &endpoints[2]}, random);
      EXPECT_NE(pair.first, &endpoints[2]);
      EXPECT_NE(pair.second, &endpoints[2]);
    }
  }
}

TEST(TwoChoices, NoneAndOneAreTakenAsTheyAre) {
  TwoChoices choices({});
  Random random(1);
  choices.rebuild({});
  EXPECT_EQ(choices.draw({start}, random).first, nullptr);
  MadeEndpoints endpoints = MadeEndpoints::equal(1);
  choices.rebuild(endpoints.all());
  const auto pair = choices.draw({start, 0, &endpoints[0]}, random);
  EXPECT_EQ(pair.first, &endpoints[0]);
  EXPECT_EQ(pair.second, &endpoints[0]);
}

TEST(TwoChoices, ANewOneTakesPartByItsShare) {
  MadeEndpoints endpoints = MadeEndpoints::equal(2);
  endpoints[0].added = start;
  TwoChoices choices({30s, Ratio{0.1}});
  choices.rebuild(endpoints.all());
  Random random(1);
  int takes_part = 0;
  for (int i = 0; i < trials; ++i) {
    const auto [first, second] = choices.draw({start + 10s}, random);
    if (first == &endpoints[0] || second == &endpoints[0]) ++takes_part;
    EXPECT_TRUE(first == &endpoints[1] || second == &endpoints[1]);
  }
  EXPECT_TRUE(is_within_5_sigma(takes_part, trials, 0.4)) << takes_part;
}

TEST(TwoChoices, WhereAllAreNewSomebodyServes) {
  MadeEndpoints endpoints = MadeEndpoints::equal(3);
  for (std::size_t i = 0; i < 3; ++i) endpoints[i].added = start;
  TwoChoices choices({30s, Ratio{0}});
  choices.rebuild(endpoints.all());
  Random random(1);
  EXPECT_NE(choices.draw({start}, random).first, nullptr);
}

}  // namespace
}  // namespace skiff
