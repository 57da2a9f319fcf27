#include <gtest/gtest.h>

#include "base/hash.h"
#include "sidecar/balance/algorithms.h"
#include "tests/support/made_endpoints.h"

namespace skiff {
namespace {

using testing::MadeEndpoints;
using testing::spread;
using testing::start;

constexpr int keys = 20'000;

class Maglev : public ::testing::Test {
 protected:
  void rebuild(std::span<Endpoint* const> usable) { balancer_->rebuild(usable, start); }
  Endpoint* pick(std::uint64_t hash, const Endpoint* avoid = nullptr) {
    return balancer_->pick({start, hash, avoid}, random_);
  }
  std::vector<const Endpoint*> all_keys() {
    std::vector<const Endpoint*> picked;
    for (int key = 0; key < keys; ++key) picked.push_back(pick(stable_hash(std::to_string(key))));
    return picked;
  }

  Random random_{1};
  std::unique_ptr<Balancer> balancer_ = make_maglev({});
};

TEST_F(Maglev, EqualHashesGoToTheSameEndpoint) {
  MadeEndpoints endpoints = MadeEndpoints::equal(5);
  rebuild(endpoints.all());
  EXPECT_EQ(all_keys(), all_keys());
}

TEST_F(Maglev, SharesFollowTheWeights) {
  MadeEndpoints endpoints({1, 2, 3, 4});
  rebuild(endpoints.all());
  auto counts = spread(*balancer_, 100'000);
  for (std::size_t i = 0; i < 4; ++i) {
    const double share = endpoints[i].weight / 10.0;
    EXPECT_NEAR(counts[&endpoints[i]] / 100'000.0, share, 0.02 * share + 0.005) << i;
  }
}

TEST_F(Maglev, WithoutAHashTheShareIsTheSame) {
  MadeEndpoints endpoints({1, 3});
  rebuild(endpoints.all());
  int second = 0;
  for (int i = 0; i < keys; ++i)
    if (pick(0) == &endpoints[1]) ++second;
  EXPECT_NEAR(second / double{keys}, 0.75, 0.75 * 0.02 + 0.02);
}

TEST_F(Maglev, TheOrderOfTheEndpointsMeansNothing) {
  MadeEndpoints endpoints({3, 1, 2});
  rebuild(endpoints.all());
  const auto before = all_keys();
  std::vector<Endpoint*> turned(endpoints.all().rbegin(), endpoints.all().rend());
  rebuild(turned);
  EXPECT_EQ(all_keys(), before);
}

TEST_F(Maglev, MostKeysStayWhenOneLeavesAndComesBack) {
  MadeEndpoints endpoints = MadeEndpoints::equal(10);
  rebuild(endpoints.all());
  const auto before = all_keys();
  const std::vector<Endpoint*> others = endpoints.without(4);
  rebuild(others);
  const auto after = all_keys();
  int moved = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_NE(after[i], &endpoints[4]);
    if (before[i] != &endpoints[4] && before[i] != after[i]) ++moved;
  }
  EXPECT_LE(moved / double{keys}, 0.03) << "of keys that had no need to";
  rebuild(endpoints.all());
  EXPECT_EQ(all_keys(), before);
}

TEST_F(Maglev, AvoidsOneAndTheKeysOfOthersStay) {
  MadeEndpoints endpoints = MadeEndpoints::equal(3);
  rebuild(endpoints.all());
  for (int key = 0; key < 1000; ++key) {
    const std::uint64_t hash = stable_hash(std::to_string(key));
    const Endpoint* chosen = pick(hash);
    EXPECT_NE(pick(hash, chosen), chosen);
    const Endpoint* other = chosen == &endpoints[0] ? &endpoints[1] : &endpoints[0];
    EXPECT_EQ(pick(hash, other), chosen);
  }
}

TEST_F(Maglev, NoneAndOneAreTakenAsTheyAre) {
  rebuild({});
  EXPECT_EQ(pick(5), nullptr);
  MadeEndpoints endpoints = MadeEndpoints::equal(1);
  rebuild(endpoints.all());
  EXPECT_EQ(pick(5, &endpoints[0]), &endpoints[0]);
}

TEST_F(Maglev, ATableSizeThatIsNoPrimeIsRaisedToOne) {
  LoadBalancingConfig config;
  config.table_size = 1000;
  balancer_ = make_maglev(config);
  MadeEndpoints endpoints = MadeEndpoints::equal(7);
  rebuild(endpoints.all());
  EXPECT_EQ(spread(*balancer_, 1000).size(), 7u);
}

TEST_F(Maglev, TakesVeryLargeWeightsAndManyEndpoints) {
  MadeEndpoints endpoints(std::vector<std::uint32_t>{4'000'000'000, 4'000'000'000, 1});
  rebuild(endpoints.all());
  EXPECT_NEAR(spread(*balancer_, keys)[&endpoints[0]] / double{keys}, 0.5, 0.06);
  MadeEndpoints many = MadeEndpoints::equal(2000, 100);
  rebuild(many.all());
  EXPECT_GT(spread(*balancer_, 4 * keys).size(), 1990u);
}

}  // namespace
}  // namespace skiff
