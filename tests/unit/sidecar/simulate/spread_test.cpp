#include "sidecar/simulate/spread.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace skiff {
namespace {

using namespace std::chrono_literals;

std::vector<double> draws(const Spread& spread) {
  Random random(42);
  std::vector<double> drawn;
  for (int i = 0; i < 100'000; ++i) {
    drawn.push_back(static_cast<double>(spread.draw(random).count()) / 1e6);
  }
  std::ranges::sort(drawn);
  return drawn;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

TEST(Spread, IsTheSameEachTimeWhereItIsConstant) {
  const auto drawn = draws(Spread::constant(5ms));
  EXPECT_EQ(drawn.front(), 5);
  EXPECT_EQ(drawn.back(), 5);
}

TEST(Spread, IsExponential) {
  const auto drawn = draws(Spread::exponential(5ms));
  EXPECT_NEAR(mean(drawn), 5, 0.05);
  EXPECT_NEAR(drawn[50'000], 5 * 0.6931, 0.1);  // ln 2
  EXPECT_NEAR(drawn[99'000], 5 * 4.6052, 0.5);  // ln 100
}

TEST(Spread, IsLognormalWithTheMeanThatWasSaid) {
  const auto drawn = draws(Spread::lognormal(5ms, 0.5));
  EXPECT_NEAR(mean(drawn), 5, 0.05);
  EXPECT_NEAR(drawn[50'000], 5 * 0.8825, 0.1);  // exp(-s²/2)
  EXPECT_NEAR(drawn[99'000], 5 * 2.824, 0.5);   // exp(2.326 s - s²/2)
}

}  // namespace
}  // namespace skiff
