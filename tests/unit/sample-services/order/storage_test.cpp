#include "sample-services/order/storage.h"

#include <gtest/gtest.h>

namespace skiff::shop {
namespace {

Order order_of(std::string key, std::string request_key = "") {
  Order order;
  order.key = std::move(key);
  order.request_key = std::move(request_key);
  order.user_id = 1;
  order.user_name = "Ada";
  order.items = {{1, "Keyboard", {4'990}, 2, 0, {}}, {2, "Mouse", {1'999}, 1, 7, {500}}};
  order.points = 100;
  return order;
}

struct OrderStorageTest : testing::Test {
  std::unique_ptr<OrderStorage> storage = open_order_storage(":memory:");
};

TEST_F(OrderStorageTest, FindsWhatWasAdded) {
  const Order added = storage->add(order_of("a", "r"));
  const auto found = storage->find(added.id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->key, "a");
  EXPECT_EQ(found->user_name, "Ada");
  EXPECT_EQ(found->points, 100);
  EXPECT_EQ(found->status, OrderStatus::pending);
  EXPECT_EQ(found->created_at, added.created_at);
  ASSERT_EQ(found->items.size(), 2U);
  EXPECT_EQ(found->items[1].product_name, "Mouse");
  EXPECT_EQ(found->items[1].coupon_id, 7);
  EXPECT_EQ(storage->find_by_request_key("r")->id, added.id);
}

TEST_F(OrderStorageTest, SumsItsItems) {
  EXPECT_EQ(order_of("a").total(), Money{2 * 4'990 + 1'999 - 500});
  EXPECT_EQ(order_of("a").quantity(), 3);
}

TEST_F(OrderStorageTest, NeverFindsOrdersWithoutARequestKeyByIt) {
  storage->add(order_of("a"));
  storage->add(order_of("b"));
  EXPECT_FALSE(storage->find_by_request_key(""));
}

TEST_F(OrderStorageTest, ListsTheLatestFirst) {
  storage->add(order_of("a"));
  storage->add(order_of("b"));
  ASSERT_EQ(storage->list(10).size(), 2U);
  EXPECT_EQ(storage->list(1)[0].key, "b");
}

TEST_F(OrderStorageTest, KeepsEveryStatus) {
  const auto id = storage->add(order_of("a")).id;
  for (const auto status : {OrderStatus::completed, OrderStatus::cancelling, OrderStatus::cancelled,
                            OrderStatus::pending}) {
    storage->set_status(id, status, "why");
    EXPECT_EQ(storage->find(id)->status, status);
    EXPECT_EQ(storage->with_status(status, 10).size(), 1U);
  }
  EXPECT_EQ(storage->find(id)->reason, "why");
}

}  // namespace
}  // namespace skiff::shop
