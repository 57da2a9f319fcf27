#include "sample-services/user/storage.h"

#include <gtest/gtest.h>

namespace skiff::shop {
namespace {

using Kind = PointsFailure::Kind;

struct UserStorageTest : testing::Test {
  UserStorageTest() {
    ada = storage->add("Ada", "ada@example.com").id;
    EXPECT_TRUE(storage->change_points(change(1'000, "")));
  }

  PointsChange change(std::int64_t amount, std::string key,
                      std::vector<std::int64_t> coupons = {}) const {
    return {ada, amount, std::move(coupons), "test", std::move(key)};
  }
  std::int64_t points() { return storage->find(ada)->points; }
  bool used(std::size_t coupon) { return storage->find(ada)->coupons.at(coupon).used; }

  std::unique_ptr<UserStorage> storage = open_user_storage(":memory:");
  std::int64_t ada = 0;
};

TEST_F(UserStorageTest, FindsWhatWasAdded) {
  const auto user = storage->find(ada);
  ASSERT_TRUE(user);
  EXPECT_EQ(user->name, "Ada");
  EXPECT_EQ(user->email, "ada@example.com");
  EXPECT_EQ(storage->list(10).size(), 1U);
  EXPECT_FALSE(storage->find(99));
}

TEST_F(UserStorageTest, NeverTakesMorePointsThanThereAre) {
  EXPECT_EQ(storage->change_points(change(-1'001, "")).error().kind, Kind::too_few_points);
  EXPECT_EQ(points(), 1'000);
  EXPECT_EQ(storage->change_points(change(-1'000, ""))->points, 0);
}

TEST_F(UserStorageTest, TakesPointsAndCouponsTogetherOrNeither) {
  const auto coupon = storage->add_coupon(ada, {500});
  ASSERT_TRUE(coupon);
  EXPECT_EQ(storage->change_points(change(-100, "", {coupon->id, 77})).error().kind,
            Kind::unusable_coupon);
  EXPECT_EQ(points(), 1'000);
  EXPECT_FALSE(used(0));

  EXPECT_TRUE(storage->change_points(change(-100, "", {coupon->id})));
  EXPECT_EQ(points(), 900);
  EXPECT_TRUE(used(0));
  EXPECT_EQ(storage->change_points(change(0, "", {coupon->id})).error().coupon_id, coupon->id);
}

TEST_F(UserStorageTest, DoesTheSameKeyOnce) {
  EXPECT_TRUE(storage->change_points(change(-100, "k")));
  EXPECT_EQ(storage->change_points(change(-100, "k"))->points, 900);
  EXPECT_EQ(storage->change_points(change(-200, "k")).error().kind, Kind::key_reused);
}

TEST_F(UserStorageTest, TakesBackPointsAndCouponsOnce) {
  const auto coupon = storage->add_coupon(ada, {500});
  EXPECT_TRUE(storage->change_points(change(-100, "k", {coupon->id})));
  EXPECT_EQ(storage->take_back(ada, "k")->points, 1'000);
  EXPECT_EQ(storage->take_back(ada, "k")->points, 1'000);
  EXPECT_FALSE(used(0));
}

TEST_F(UserStorageTest, RefusesWhatWasTakenBackBeforeItCame) {
  EXPECT_TRUE(storage->take_back(ada, "k"));
  EXPECT_EQ(storage->change_points(change(-100, "k")).error().kind, Kind::key_reversed);
  EXPECT_EQ(points(), 1'000);
}

TEST_F(UserStorageTest, TakesBackOnlyFromTheUserItWasDoneTo) {
  const auto other = storage->add("Grace", "").id;
  EXPECT_TRUE(storage->change_points(change(-100, "k")));
  EXPECT_EQ(storage->take_back(other, "k").error().kind, Kind::key_reused);
  EXPECT_EQ(storage->take_back(ada, "k")->points, 1'000) << "the refusal left the key alone";
}

TEST_F(UserStorageTest, KnowsItsUsers) {
  EXPECT_FALSE(storage->add_coupon(99, {1}));
  EXPECT_EQ(storage->change_points({99, 1, {}, "", ""}).error().kind, Kind::unknown_user);
  EXPECT_EQ(storage->take_back(99, "k").error().kind, Kind::unknown_user);
}

}  // namespace
}  // namespace skiff::shop
