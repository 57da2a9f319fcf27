#include "sidecar/route/split.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "tests/support/made_endpoints.h"
#include "tests/support/made_request.h"

namespace skiff {
namespace {

using testing::is_within_5_sigma;
using testing::MadeRequest;

RouteRule made(std::vector<std::uint32_t> weights) {
  RouteRule rule;
  for (std::uint32_t i = 0; i < weights.size(); ++i) {
    rule.backends.push_back({i, weights[i], {}});
    rule.total_weight += weights[i];
  }
  return rule;
}

std::uint32_t arm_of(const RouteRule& rule, int user) {
  Random unused(1);
  return choose_backend(rule, stable_hash("user-" + std::to_string(user)), unused)->target;
}

TEST(Split, GivesEachBackendItsShareWithAndWithoutAKey) {
  const RouteRule rule = made({90, 0, 9, 1});
  Random random(3);
  constexpr int trials = 100'000;
  std::vector<int> drawn(4);
  std::vector<int> keyed(4);
  for (int i = 0; i < trials; ++i) {
    ++drawn[choose_backend(rule, 0, random)->target];
    ++keyed[arm_of(rule, i)];
  }
  for (std::size_t arm = 0; arm < 4; ++arm) {
    const double share = rule.backends[arm].weight / 100.0;
    EXPECT_TRUE(is_within_5_sigma(drawn[arm], trials, share)) << arm << ": " << drawn[arm];
    EXPECT_TRUE(is_within_5_sigma(keyed[arm], trials, share)) << arm << ": " << keyed[arm];
  }
}

TEST(Split, SharesOfHashesAreExactAtTheirBorders) {
  const RouteRule rule = made({1, 3});
  Random unused(1);
  constexpr std::uint64_t quarter = std::uint64_t{1} << 62;
  EXPECT_EQ(choose_backend(rule, 1, unused)->target, 0u);
  EXPECT_EQ(choose_backend(rule, quarter - 1, unused)->target, 0u);
  EXPECT_EQ(choose_backend(rule, quarter, unused)->target, 1u);
  EXPECT_EQ(choose_backend(rule, ~std::uint64_t{0}, unused)->target, 1u);
}

TEST(Split, MovingWeightMovesOnlyThatShareOfKeysAndOnlyOneWay) {
  const RouteRule before = made({90, 10});
  const RouteRule after = made({75, 25});
  constexpr int users = 50'000;
  int moved = 0;
  for (int user = 0; user < users; ++user) {
    if (arm_of(before, user) == arm_of(after, user)) continue;
    ++moved;
    EXPECT_EQ(arm_of(after, user), 1u);
  }
  EXPECT_TRUE(is_within_5_sigma(moved, users, 0.15)) << moved;
}

TEST(Split, WithoutWeightThereIsNoBackend) {
  Random random(1);
  EXPECT_EQ(choose_backend(made({0, 0}), 5, random), nullptr);
  EXPECT_EQ(choose_backend(made({}), 5, random), nullptr);
  EXPECT_EQ(choose_backend(made({0}), 5, random), nullptr);
  EXPECT_EQ(choose_backend(made({0, 7}), 0, random)->target, 1u);
}

TEST(Split, TheKeyIsWhatTheRuleNames) {
  const MadeRequest request("/", {{"X-User", "ada"}, {"Cookie", "sid=bob"}});
  const auto hash = [&](SplitKey::Type type, const char* name) {
    return split_hash({type, name}, "10.1.2.3", request);
  };
  EXPECT_EQ(hash(SplitKey::Type::none, ""), 0u);
  EXPECT_EQ(hash(SplitKey::Type::header, "x-user"), stable_hash("ada"));
  EXPECT_EQ(hash(SplitKey::Type::header, "x-other"), 0u);
  EXPECT_EQ(hash(SplitKey::Type::cookie, "sid"), stable_hash("bob"));
  EXPECT_EQ(hash(SplitKey::Type::source_address, ""), stable_hash("10.1.2.3"));
}

}  // namespace
}  // namespace skiff
