#include "sample-services/product/handlers.h"

#include <gtest/gtest.h>

#include "tests/support/shop/ask.h"

namespace skiff::shop {
namespace {

struct ProductHandlers : testing::Test {
  ProductHandlers() {
    add_product_handlers(router, *storage);
    post(router, "/products", R"({"name": "Mouse", "price": 19.99, "stock": 5})");
  }
  std::unique_ptr<ProductStorage> storage = open_product_storage(":memory:");
  Router router;
};

TEST_F(ProductHandlers, CreateAndShowProducts) {
  const char* mouse = R"({"id":1,"name":"Mouse","price":19.99,"stock":5,"sold":0})";
  EXPECT_EQ(to_text(get(router, "/products/1").body), mouse);
  EXPECT_EQ(to_text(get(router, "/products").body), std::string("[") + mouse + "]");
  EXPECT_EQ(get(router, "/products/ranking").body, get(router, "/products").body);
  EXPECT_EQ(get(router, "/products/9").status, http::status::not_found);
}

TEST_F(ProductHandlers, SayWhichFieldIsWrong) {
  const Reply reply = post(router, "/products", R"({"name": "x", "price": -1, "stock": 1})");
  EXPECT_EQ(reply.status, http::status::bad_request);
  EXPECT_EQ(reply.body.at("field"), "price");
  const Reply items = post(router, "/stock/decrease", R"({"items": [{"productId": 1}]})");
  EXPECT_EQ(items.body.at("field"), "items[0].quantity");
}

TEST_F(ProductHandlers, DecreaseStockOncePerKeyAndTakeItBack) {
  const char* two = R"({"items": [{"productId": 1, "quantity": 2}]})";
  EXPECT_EQ(post(router, "/stock/decrease", two, "k").status, http::status::ok);
  EXPECT_EQ(to_text(post(router, "/stock/decrease", two, "k").body),
            R"({"items":[{"id":1,"name":"Mouse","price":19.99,"stock":3,"sold":2}]})");
  EXPECT_EQ(post(router, "/stock/increase", R"({"reverses": "k"})").status, http::status::ok);
  EXPECT_EQ(get(router, "/products/1").body.at("stock"), 5);
  EXPECT_EQ(post(router, "/stock/increase", two).status, http::status::ok);
  EXPECT_EQ(get(router, "/products/1").body.at("stock"), 7);
}

TEST_F(ProductHandlers, SayWhatIsShort) {
  const Reply reply =
      post(router, "/stock/decrease", R"({"items": [{"productId": 1, "quantity": 6}]})");
  EXPECT_EQ(reply.status, http::status::conflict);
  EXPECT_EQ(to_text(reply.body), R"({"error":"Insufficient stock","productId":1,"stock":5})");
}

}  // namespace
}  // namespace skiff::shop
