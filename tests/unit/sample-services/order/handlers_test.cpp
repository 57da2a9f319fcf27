#include "sample-services/order/handlers.h"

#include <gtest/gtest.h>

#include "sample-services/product/handlers.h"
#include "sample-services/user/handlers.h"
#include "tests/support/shop/ask.h"
#include "tests/support/shop/fake_mesh.h"

namespace skiff::shop {
namespace {

struct OrderHandlers : testing::Test {
  OrderHandlers() {
    add_user_handlers(user_router, *users);
    add_product_handlers(product_router, *products);
    add_order_handlers(router, *orders, placement);
    mesh.add("user", user_router);
    mesh.add("product", product_router);
    users->add("Ada", "");
    products->add("Keyboard", {4'990}, 10);
  }

  // `order` as text, without what no test can know.
  static std::string text(json::object order) {
    EXPECT_EQ(order.erase("createdAt"), 1U);
    return to_text(order);
  }

  std::unique_ptr<UserStorage> users = open_user_storage(":memory:");
  std::unique_ptr<ProductStorage> products = open_product_storage(":memory:");
  std::unique_ptr<OrderStorage> orders = open_order_storage(":memory:");
  Router user_router;
  Router product_router;
  Router router;
  FakeMesh mesh;
  int keys = 0;
  Placement placement{*orders, mesh, [this] { return "key" + std::to_string(++keys); }};
};

constexpr const char* two_keyboards = R"({"user_id": 1, "product_id": 1, "quantity": 2})";

TEST_F(OrderHandlers, AnswerAPlacedOrder) {
  const Reply placed = post(router, "/orders", two_keyboards);
  EXPECT_EQ(placed.status, http::status::created);
  EXPECT_EQ(text(placed.body.as_object()),
            R"({"id":1,"user":{"id":1,"name":"Ada"},)"
            R"("product":{"id":1,"name":"Keyboard","price":49.9},)"
            R"("items":[{"productId":1,"name":"Keyboard","price":49.9,"quantity":2}],)"
            R"("quantity":2,"total":99.8,"usedPoint":0,"status":"COMPLETED"})");
  EXPECT_EQ(get(router, "/orders/1").body, placed.body);
  EXPECT_EQ(get(router, "/orders").body.at(0), placed.body);
}

TEST_F(OrderHandlers, CancelButNeverForget) {
  post(router, "/orders", two_keyboards);
  const Reply cancelled = ask(router, http::verb::delete_, "/orders/1");
  EXPECT_EQ(cancelled.status, http::status::ok);
  EXPECT_EQ(cancelled.body.at("status"), "CANCELLED");
  EXPECT_EQ(get(router, "/orders/1").body, cancelled.body);
  EXPECT_EQ(products->find(1)->stock, 10);
}

TEST_F(OrderHandlers, SayWhatIsWrong) {
  EXPECT_EQ(get(router, "/orders/9").status, http::status::not_found);
  EXPECT_EQ(ask(router, http::verb::delete_, "/orders/9").status, http::status::not_found);
  EXPECT_EQ(post(router, "/orders", "{").status, http::status::bad_request);
}

TEST_F(OrderHandlers, RepeatTheAnswerForTheSameKey) {
  const Reply first = post(router, "/orders", two_keyboards, "r");
  EXPECT_EQ(post(router, "/orders", two_keyboards, "r").body, first.body);
  EXPECT_EQ(products->find(1)->stock, 8);
}

}  // namespace
}  // namespace skiff::shop
