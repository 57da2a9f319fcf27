#include "sidecar/policy/latency_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{1'000s};

void add(LatencyWindow& window, int count, Duration took, TimePoint now) {
  for (int i = 0; i < count; ++i) window.add(took, now);
}

TEST(LatencyWindow, SaysNothingOfAFewCalls) {
  LatencyWindow window;
  EXPECT_EQ(window.quantile(0.5, start), std::nullopt);
  add(window, 19, 10ms, start);
  EXPECT_EQ(window.quantile(0.5, start + 1s), std::nullopt);
  add(window, 1, 10ms, start + 1s);
  EXPECT_TRUE(window.quantile(0.5, start + 2s).has_value());
}

TEST(LatencyWindow, KnowsAnyQuantileToAnEighth) {
  Random random(7);
  for (const double share : {0.05, 0.5, 0.95, 0.99}) {
    LatencyWindow window;
    std::vector<Duration> all;
    for (int i = 0; i < 2'000; ++i) {
      const double exponent = 4 + 6 * random.unit();  // 10us to 10s.
      all.emplace_back(static_cast<std::int64_t>(std::pow(10, exponent)));
      window.add(all.back(), start);
    }
    std::ranges::sort(all);
    const auto rank = static_cast<std::size_t>(std::ceil(share * 2'000)) - 1;
    const Duration exact = all[rank];
    const Duration found = *window.quantile(share, start);
    EXPECT_LE(found, exact);
    EXPECT_GE(found + 8'192ns, exact - exact / 8);
  }
}

TEST(LatencyWindow, TakesValuesOfAnySize) {
  LatencyWindow window;
  add(window, 20, -1s, start);
  EXPECT_EQ(window.quantile(0.5, start), 0ns);
  add(window, 100, 24h * 1'000, start);
  EXPECT_GT(*window.quantile(0.5, start + 1s), 100s);
}

TEST(LatencyWindow, ForgetsAfterTenSeconds) {
  LatencyWindow window;
  add(window, 100, 1s, start);
  EXPECT_GT(*window.quantile(0.5, start + 4s), 800ms);
  add(window, 100, 1ms, start + 6s);
  EXPECT_LT(*window.quantile(0.5, start + 6s), 2ms);
  EXPECT_GT(*window.quantile(0.9, start + 7s), 800ms) << "the older half still counts";
  add(window, 1, 1ms, start + 11s);
  EXPECT_LT(*window.quantile(0.9, start + 11s), 2ms);
  EXPECT_EQ(window.quantile(0.5, start + 30s), std::nullopt) << "nothing was added meanwhile";
}

TEST(LatencyWindow, AnswersTheSameForAWhile) {
  LatencyWindow window;
  add(window, 20, 1ms, start);
  const auto before = window.quantile(0.5, start);
  add(window, 1'000, 1s, start);
  EXPECT_EQ(window.quantile(0.5, start + 99ms), before);
  EXPECT_NE(window.quantile(0.5, start + 100ms), before);
}

}  // namespace
}  // namespace skiff
