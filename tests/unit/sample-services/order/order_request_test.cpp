#include "sample-services/order/order_request.h"

#include <gtest/gtest.h>

#include "sample-services/common/http.h"

namespace skiff::shop {
namespace {

std::string field_blamed(std::string_view body) {
  const auto request = read_body(body, read_order_request);
  return request ? "" : std::string(request.error().body.at("field").as_string());
}

TEST(OrderRequestTest, ReadsTheSingleForm) {
  const auto request =
      read_body(R"({"user_id": 1, "product_id": 2, "quantity": 3})", read_order_request);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->user_id, 1);
  ASSERT_EQ(request->items.size(), 1U);
  EXPECT_EQ(request->items[0].product_id, 2);
  EXPECT_EQ(request->items[0].quantity, 3);
  EXPECT_EQ(request->points, 0);
}

TEST(OrderRequestTest, ReadsTheFormWithItems) {
  const auto request = read_body(
      R"({"userId": 1, "items": [{"productId": 2, "quantity": 3, "couponId": 4},
          {"productId": 5, "quantity": 6, "couponId": null}], "usePoint": 200})",
      read_order_request);
  ASSERT_TRUE(request);
  ASSERT_EQ(request->items.size(), 2U);
  EXPECT_EQ(request->items[0].coupon_id, 4);
  EXPECT_EQ(request->items[1].coupon_id, 0);
  EXPECT_EQ(request->points, 200);
}

TEST(OrderRequestTest, NamesTheFieldThatIsWrong) {
  EXPECT_EQ(field_blamed("{}"), "user_id");
  EXPECT_EQ(field_blamed(R"({"user_id": 1, "quantity": 1})"), "product_id");
  EXPECT_EQ(field_blamed(R"({"user_id": 1, "product_id": 1, "quantity": 0})"), "quantity");
  EXPECT_EQ(field_blamed(R"({"userId": 1})"), "items");
  EXPECT_EQ(field_blamed(R"({"items": [{"productId": 1, "quantity": 1}]})"), "userId");
  EXPECT_EQ(field_blamed(R"({"userId": 1, "items": [{"quantity": 1}]})"), "items[0].productId");
  EXPECT_EQ(
      field_blamed(R"({"userId": 1, "items": [{"productId": 1, "quantity": 1}], "usePoint": -1})"),
      "usePoint");
}

}  // namespace
}  // namespace skiff::shop
