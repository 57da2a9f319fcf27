#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "sidecar/balance/algorithms.h"
#include "tests/support/made_endpoints.h"

namespace skiff::testing {

// What every balancer promises that chooses by a request's hash. `Made` is one: `make(config)`;
// `share_error`, how far off an endpoint's share may be, relative to it; and `moved_in_vain`, the
// most of the keys that may move though their endpoint stays.
template <typename Made>
class HashBalancerLaws : public ::testing::Test {
 protected:
  static constexpr int keys = 20'000;

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
  std::unique_ptr<Balancer> balancer_ = Made::make({});
};

TYPED_TEST_SUITE_P(HashBalancerLaws);

TYPED_TEST_P(HashBalancerLaws, EqualHashesGoToTheSameEndpoint) {
  MadeEndpoints endpoints = MadeEndpoints::equal(5);
  this->rebuild(endpoints.all());
  EXPECT_EQ(this->all_keys(), this->all_keys());
}

TYPED_TEST_P(HashBalancerLaws, SharesFollowTheWeights) {
  MadeEndpoints endpoints({1, 2, 3, 4});
  this->rebuild(endpoints.all());
  auto counts = spread(*this->balancer_, 100'000);
  for (std::size_t i = 0; i < 4; ++i) {
    const double share = endpoints[i].weight / 10.0;
    EXPECT_NEAR(counts[&endpoints[i]] / 100'000.0, share, TypeParam::share_error * share + 0.005)
        << i;
  }
}

TYPED_TEST_P(HashBalancerLaws, WithoutAHashTheShareIsTheSame) {
  MadeEndpoints endpoints({1, 3});
  this->rebuild(endpoints.all());
  int second = 0;
  for (int i = 0; i < this->keys; ++i)
    if (this->pick(0) == &endpoints[1]) ++second;
  EXPECT_NEAR(second / double{this->keys}, 0.75, 0.75 * TypeParam::share_error + 0.02);
}

TYPED_TEST_P(HashBalancerLaws, TheOrderOfTheEndpointsMeansNothing) {
  MadeEndpoints endpoints({3, 1, 2});
  this->rebuild(endpoints.all());
  const auto before = this->all_keys();
  std::vector<Endpoint*> turned(endpoints.all().rbegin(), endpoints.all().rend());
  this->rebuild(turned);
  EXPECT_EQ(this->all_keys(), before);
}

TYPED_TEST_P(HashBalancerLaws, MostKeysStayWhenOneLeavesAndComesBack) {
  MadeEndpoints endpoints = MadeEndpoints::equal(10);
  this->rebuild(endpoints.all());
  const auto before = this->all_keys();
  const std::vector<Endpoint*> others = endpoints.without(4);
  this->rebuild(others);
  const auto after = this->all_keys();
  int moved = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_NE(after[i], &endpoints[4]);
    if (before[i] != &endpoints[4] && before[i] != after[i]) ++moved;
  }
  EXPECT_LE(moved / double{this->keys}, TypeParam::moved_in_vain);
  this->rebuild(endpoints.all());
  EXPECT_EQ(this->all_keys(), before);
}

TYPED_TEST_P(HashBalancerLaws, AvoidsOneAndTheKeysOfOthersStay) {
  MadeEndpoints endpoints = MadeEndpoints::equal(3);
  this->rebuild(endpoints.all());
  for (int key = 0; key < 1000; ++key) {
    const std::uint64_t hash = stable_hash(std::to_string(key));
    const Endpoint* chosen = this->pick(hash);
    EXPECT_NE(this->pick(hash, chosen), chosen);
    const Endpoint* other = chosen == &endpoints[0] ? &endpoints[1] : &endpoints[0];
    EXPECT_EQ(this->pick(hash, other), chosen);
  }
}

TYPED_TEST_P(HashBalancerLaws, NoneAndOneAreTakenAsTheyAre) {
  this->rebuild({});
  EXPECT_EQ(this->pick(5), nullptr);
  MadeEndpoints endpoints = MadeEndpoints::equal(1);
  this->rebuild(endpoints.all());
  EXPECT_EQ(this->pick(5, &endpoints[0]), &endpoints[0]);
}

TYPED_TEST_P(HashBalancerLaws, TakesVeryLargeWeightsAndManyEndpoints) {
  MadeEndpoints endpoints(std::vector<std::uint32_t>{4'000'000'000, 4'000'000'000, 1});
  this->rebuild(endpoints.all());
  EXPECT_NEAR(spread(*this->balancer_, this->keys)[&endpoints[0]] / double{this->keys}, 0.5, 0.06);
  MadeEndpoints many = MadeEndpoints::equal(2000, 100);
  this->rebuild(many.all());
  EXPECT_GT(spread(*this->balancer_, 4 * this->keys).size(), 1990u);
}

REGISTER_TYPED_TEST_SUITE_P(HashBalancerLaws, EqualHashesGoToTheSameEndpoint,
                            SharesFollowTheWeights, WithoutAHashTheShareIsTheSame,
                            TheOrderOfTheEndpointsMeansNothing,
                            MostKeysStayWhenOneLeavesAndComesBack, AvoidsOneAndTheKeysOfOthersStay,
                            NoneAndOneAreTakenAsTheyAre, TakesVeryLargeWeightsAndManyEndpoints);

}  // namespace skiff::testing
