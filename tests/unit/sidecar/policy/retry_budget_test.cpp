#include "sidecar/policy/retry_budget.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "base/random.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{1'000s};

std::uint64_t withdraw_all(RetryBudget& budget, TimePoint now) {
  std::uint64_t count = 0;
  while (budget.withdraw(now)) ++count;
  return count;
}

TEST(RetryBudget, AllowsAShareOfTheRequestsAndSomeEachSecond) {
  RetryBudget budget;
  for (int i = 0; i < 1'000; ++i) budget.deposit(start);
  EXPECT_EQ(budget.left(start), 300u);  // 20% of 1,000, and 10 a second for 10s.
  EXPECT_EQ(withdraw_all(budget, start), 300u);
  EXPECT_EQ(budget.granted(), 300u);
  EXPECT_EQ(budget.refused(), 1u);
}

TEST(RetryBudget, RefusesAllWithoutShareAndRate) {
  RetryBudget budget({.ratio = Ratio{0}, .min_per_second = 0});
  budget.deposit(start);
  EXPECT_FALSE(budget.withdraw(start));
}

TEST(RetryBudget, ForgetsRequestsBeforeTheRetriesThatTheyPaidFor) {
  RetryBudget budget({.ratio = Ratio{0.5}, .min_per_second = 0});
  for (int i = 0; i < 10; ++i) budget.deposit(start);
  EXPECT_EQ(withdraw_all(budget, start), 5u);
  for (int i = 0; i < 10; ++i) budget.deposit(start + 9'500ms);
  EXPECT_EQ(withdraw_all(budget, start + 9'500ms), 5u);
  EXPECT_EQ(budget.left(start + 10'500ms), 0u) << "the first five retries may still count";
  for (int i = 0; i < 10; ++i) budget.deposit(start + 11'500ms);
  EXPECT_EQ(budget.left(start + 11'500ms), 5u);
}

TEST(RetryBudget, StartsAnewAfterALongSilence) {
  RetryBudget budget({.ratio = Ratio{1}, .min_per_second = 0});
  budget.deposit(start);
  EXPECT_TRUE(budget.withdraw(start));
  budget.deposit(start + 1h);
  EXPECT_EQ(withdraw_all(budget, start + 1h), 1u);
}

TEST(RetryBudget, KeepsItsCountsWhenOnlyTheShareChanges) {
  RetryBudget budget({.ratio = Ratio{0.1}, .min_per_second = 0});
  for (int i = 0; i < 100; ++i) budget.deposit(start);
  EXPECT_EQ(withdraw_all(budget, start), 10u);
  budget.configure({.ratio = Ratio{0.3}, .min_per_second = 0});
  EXPECT_EQ(budget.left(start), 20u);
  budget.configure({.ratio = Ratio{0.3}, .min_per_second = 0, .window = 1s});
  EXPECT_EQ(budget.left(start), 0u) << "another window begins empty";
}

// In every window that ends with a retry; random loads, silences and bursts.
TEST(RetryBudget, HoldsInEveryWindow) {
  Random random(11);
  for (int round = 0; round < 60; ++round) {
    const RetryBudgetConfig config{
        .ratio = Ratio{static_cast<double>(random.below(100)) / 100},
        .min_per_second = static_cast<std::uint32_t>(random.below(5)),
        .window = Milliseconds(1'000 + static_cast<std::int64_t>(random.below(9'000)))};
    RetryBudget budget(config);
    std::vector<TimePoint> requests;
    std::vector<TimePoint> retries;
    TimePoint now = start;
    const std::uint64_t most_pause_us = 1 + random.below(20'000);
    for (int i = 0; i < 3'000; ++i) {
      const bool silence = random.below(200) == 0;
      now += std::chrono::microseconds(random.below(silence ? 12'000'000 : most_pause_us));
      if (random.below(3) > 0) {
        budget.deposit(now);
        requests.push_back(now);
        continue;
      }
      if (!budget.withdraw(now)) continue;
      retries.push_back(now);
      const auto since = [&](const std::vector<TimePoint>& times) {
        return times.end() - std::ranges::upper_bound(times, now - Duration(config.window));
      };
      const double most =
          config.ratio.value * static_cast<double>(since(requests)) +
          config.min_per_second * std::chrono::duration<double>(config.window).count();
      ASSERT_LE(static_cast<double>(since(retries)), most + 1e-6) << round << ' ' << i;
    }
    EXPECT_EQ(budget.granted(), retries.size());
  }
}

TEST(RetryBudget, SpendsNothingTwiceWhateverTheNumberOfWorkers) {
  RetryBudget budget({.ratio = Ratio{0.5}, .min_per_second = 0});
  constexpr int each = 20'000;
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&] {
      for (int i = 0; i < each; ++i) {
        budget.deposit(start);
        budget.withdraw(start);
      }
    });
  }
  for (auto& worker : workers) worker.join();
  EXPECT_EQ(budget.granted() + budget.left(start), 4u * each / 2);
}

}  // namespace
}  // namespace skiff
