#include "sample-services/order/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample-services/product/handlers.h"
#include "sample-services/user/handlers.h"
#include "tests/support/shop/ask.h"
#include "tests/support/shop/fake_mesh.h"

namespace skiff::shop {
namespace {

using Fault = FakeMesh::Fault;
using testing::ElementsAre;

// The whole shop in one process. Ada has 1,000 points and a coupon of 5.00; there are 10 keyboards
// at 49.90 and 5 mice at 19.99.
struct PlacementTest : testing::Test {
  PlacementTest() {
    add_user_handlers(user_router, *users);
    add_product_handlers(product_router, *products);
    mesh.add("user", user_router);
    mesh.add("product", product_router);
    ada = users->add("Ada", "").id;
    EXPECT_TRUE(users->change_points({ada, 1'000, {}, "", ""}));
    coupon = users->add_coupon(ada, {500})->id;
    products->add("Keyboard", {4'990}, 10);
    products->add("Mouse", {1'999}, 5);
  }

  OrderRequest wants(std::int64_t keyboards, std::int64_t mice, std::int64_t points = 0,
                     std::int64_t coupon_id = 0) const {
    return {ada, {{1, keyboards, coupon_id}, {2, mice, 0}}, points};
  }
  Result<Order, Reply> place(OrderRequest request, std::string key = "") {
    return await(placement.place(std::move(request), std::move(key), {}));
  }
  Result<Order, Reply> cancel(std::int64_t id) { return await(placement.cancel(id, {})); }
  void settle() {
    await([](Placement& unsettled) -> asio::awaitable<int> {
      co_await unsettled.settle();
      co_return 0;
    }(placement));
  }

  std::int64_t stock(std::int64_t id) { return products->find(id)->stock; }
  std::int64_t points() { return users->find(ada)->points; }
  bool coupon_used() { return users->find(ada)->coupons[0].used; }
  Order latest() { return orders->list(1).at(0); }
  void expect_untouched() {
    EXPECT_EQ(stock(1), 10);
    EXPECT_EQ(stock(2), 5);
    EXPECT_EQ(products->find(1)->sold, 0);
    EXPECT_EQ(points(), 1'000);
    EXPECT_FALSE(coupon_used());
  }

  std::unique_ptr<UserStorage> users = open_user_storage(":memory:");
  std::unique_ptr<ProductStorage> products = open_product_storage(":memory:");
  std::unique_ptr<OrderStorage> orders = open_order_storage(":memory:");
  Router user_router;
  Router product_router;
  FakeMesh mesh;
  int keys = 0;
  Placement placement{*orders, mesh, [this] { return "key" + std::to_string(++keys); }};
  std::int64_t ada = 0;
  std::int64_t coupon = 0;
};

TEST_F(PlacementTest, TakesStockPointsAndCoupon) {
  const auto order = place(wants(2, 1, 300, coupon));
  ASSERT_TRUE(order);
  EXPECT_EQ(order->status, OrderStatus::completed);
  EXPECT_EQ(order->total(), Money{2 * 4'990 - 500 + 1'999});
  EXPECT_EQ(order->user_name, "Ada");
  EXPECT_EQ(stock(1), 8);
  EXPECT_EQ(points(), 700);
  EXPECT_TRUE(coupon_used());
  EXPECT_EQ(latest().status, OrderStatus::completed);
}

TEST_F(PlacementTest, AsksForPointsOnlyWhereTheyAreUsed) {
  EXPECT_TRUE(place(wants(1, 1)));
  EXPECT_THAT(mesh.calls(), ElementsAre("GET user /users/1", "GET product /products/1",
                                        "GET product /products/2", "POST product /stock/decrease"));
}

TEST_F(PlacementTest, PassesTheChainsHeadersOn) {
  http::fields headers;
  headers.set("x-request-id", "r1");
  EXPECT_TRUE(await(placement.place(wants(1, 1), "", headers)));
  EXPECT_EQ(mesh.last_headers()["x-request-id"], "r1");
}

TEST_F(PlacementTest, StoresNothingForAnUnknownUserOrProduct) {
  OrderRequest request = wants(1, 1);
  request.items[1].product_id = 99;
  EXPECT_EQ(to_text(place(request).error().body), R"({"error":"Product not found"})");
  request.user_id = 99;
  const auto order = place(request);
  EXPECT_EQ(order.error().status, http::status::not_found);
  EXPECT_EQ(to_text(order.error().body), R"({"error":"User not found"})");
  EXPECT_TRUE(orders->list(1).empty());
}

TEST_F(PlacementTest, IsCancelledWhereStockIsShort) {
  const auto order = place(wants(1, 6, 100));
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().status, http::status::conflict);
  EXPECT_EQ(order.error().body.at("error"), "Insufficient stock");
  EXPECT_EQ(latest().status, OrderStatus::cancelled);
  EXPECT_EQ(latest().reason, "Insufficient stock");
  expect_untouched();
}

TEST_F(PlacementTest, PutsStockBackWherePointsAreShort) {
  const auto order = place(wants(2, 1, 1'001));
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().status, http::status::conflict);
  EXPECT_EQ(to_text(order.error().body), R"({"error":"Insufficient points"})");
  EXPECT_EQ(latest().status, OrderStatus::cancelled);
  expect_untouched();
}

TEST_F(PlacementTest, RefusesMorePointsThanTheTotal) {
  const auto order = place(wants(1, 1, 4'990 + 1'999 + 1));
  EXPECT_EQ(order.error().body.at("field"), "usePoint");
  EXPECT_TRUE(orders->list(1).empty());
}

TEST_F(PlacementTest, RefusesACouponThatIsNotTheUsers) {
  EXPECT_EQ(place(wants(1, 1, 0, 99)).error().status, http::status::not_found);
}

TEST_F(PlacementTest, UsesACouponOnce) {
  EXPECT_TRUE(place(wants(1, 1, 0, coupon)));
  EXPECT_EQ(place(wants(1, 1, 0, coupon)).error().status, http::status::conflict);
  EXPECT_EQ(stock(1), 9) << "the second order put back what it took";
}

TEST_F(PlacementTest, NamesTheServiceThatIsAway) {
  mesh.break_calls("/products/1", Fault::lost_call);
  const auto order = place(wants(1, 1));
  EXPECT_EQ(order.error().status, http::status::service_unavailable);
  EXPECT_EQ(order.error().body.at("service"), "product");
  EXPECT_EQ(order.error().body.at("error"), "Service 'product' is unavailable");
}

TEST_F(PlacementTest, UndoesAStepWhoseAnswerWasLost) {
  for (const char* step : {"/stock/decrease", "/users/1/points"}) {
    mesh.break_calls(step, Fault::lost_answer);
    EXPECT_EQ(place(wants(2, 1, 300, coupon)).error().status, http::status::service_unavailable);
    mesh.mend();
    settle();
    EXPECT_EQ(latest().status, OrderStatus::cancelled) << step;
    expect_untouched();
  }
}

TEST_F(PlacementTest, UndoesNothingThatNeverArrived) {
  mesh.break_calls("/stock/decrease", Fault::lost_call);
  EXPECT_FALSE(place(wants(2, 1, 300)));
  EXPECT_EQ(latest().status, OrderStatus::cancelled);
  expect_untouched();
  const Reply late = post(product_router, "/stock/decrease",
                          R"({"items": [{"productId": 1, "quantity": 2}]})", "key1-stock");
  EXPECT_EQ(late.status, http::status::conflict) << "a call that was held up comes too late";
  expect_untouched();
}

TEST_F(PlacementTest, WaitsWithUndoingUntilTheServiceIsBack) {
  mesh.break_calls("/stock/increase", Fault::lost_call);
  EXPECT_FALSE(place(wants(2, 1, 1'001)));
  settle();
  EXPECT_EQ(latest().status, OrderStatus::cancelling);
  EXPECT_EQ(stock(1), 8);
  mesh.mend();
  settle();
  EXPECT_EQ(latest().status, OrderStatus::cancelled);
  EXPECT_EQ(latest().reason, "Insufficient points");
  expect_untouched();
}

TEST_F(PlacementTest, CancelsOnceHoweverOftenItIsAsked) {
  const auto order = place(wants(2, 1, 300, coupon));
  ASSERT_TRUE(order);
  EXPECT_EQ(cancel(order->id)->status, OrderStatus::cancelled);
  EXPECT_EQ(cancel(order->id)->status, OrderStatus::cancelled);
  expect_untouched();
  EXPECT_EQ(cancel(99).error().status, http::status::not_found);
}

TEST_F(PlacementTest, CancelsLaterWhereAServiceIsAway) {
  const auto order = place(wants(2, 1, 300));
  mesh.break_calls("/users/1/points", Fault::lost_answer);
  EXPECT_EQ(cancel(order->id).error().status, http::status::service_unavailable);
  EXPECT_EQ(latest().status, OrderStatus::cancelling);
  mesh.mend();
  EXPECT_EQ(cancel(order->id)->reason, "cancelled by the client");
  expect_untouched();
}

TEST_F(PlacementTest, UndoesWhatARestartCutOff) {
  Order cut_off = *place(wants(2, 1, 300));
  orders->set_status(cut_off.id, OrderStatus::pending, "");
  EXPECT_EQ(cancel(cut_off.id).error().status, http::status::conflict);
  placement.adopt_cut_off();
  settle();
  EXPECT_EQ(latest().status, OrderStatus::cancelled);
  expect_untouched();
}

TEST_F(PlacementTest, AnswersTheSameOrderToTheSameKey) {
  const auto first = place(wants(1, 1), "r");
  const auto again = place(wants(1, 1), "r");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id, first->id);
  EXPECT_EQ(stock(1), 9);
}

TEST_F(PlacementTest, RefusesTheKeyOfAnOrderThatWasCancelled) {
  EXPECT_FALSE(place(wants(1, 6), "r"));
  EXPECT_EQ(place(wants(1, 1), "r").error().status, http::status::conflict);
}

}  // namespace
}  // namespace skiff::shop
