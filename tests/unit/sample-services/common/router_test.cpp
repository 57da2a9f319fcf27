#include "sample-services/common/router.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/support/shop/ask.h"

namespace skiff::shop {
namespace {

Router::PlainHandler named(const char* name) {
  return [name](const Request& request) {
    return Reply{http::status::ok,
                 {{"handler", name}, {"id", request.ids.empty() ? -1 : request.ids[0]}}};
  };
}

struct RouterOfProducts : testing::Test {
  RouterOfProducts() {
    router.add(http::verb::get, "/products/ranking", named("ranking"));
    router.add(http::verb::get, "/products/{id}", named("one"));
    router.add(http::verb::post, "/products/{id}/stock", named("stock"));
  }
  Router router;
};

TEST_F(RouterOfProducts, TakesTheFirstPatternThatMatches) {
  EXPECT_EQ(to_text(get(router, "/products/ranking").body), R"({"handler":"ranking","id":-1})");
  EXPECT_EQ(to_text(get(router, "/products/12").body), R"({"handler":"one","id":12})");
  EXPECT_EQ(to_text(post(router, "/products/3/stock", "").body), R"({"handler":"stock","id":3})");
}

TEST_F(RouterOfProducts, RefusesOtherPathsAndMethods) {
  for (const char* path :
       {"/", "/products", "/products/", "/products/x", "/products/-1", "/products/1/",
        "/products/1/stock/2", "/products/99999999999999999999"}) {
    EXPECT_EQ(get(router, path).status, http::status::not_found) << path;
  }
  EXPECT_EQ(post(router, "/products/1", "").status, http::status::method_not_allowed);
}

TEST_F(RouterOfProducts, AnswersHeadAsGet) {
  EXPECT_EQ(ask(router, http::verb::head, "/products/1").status, http::status::ok);
}

TEST_F(RouterOfProducts, HidesWhatAHandlerThrew) {
  router.add(http::verb::get, "/broken",
             [](const Request&) -> Reply { throw std::runtime_error("disk full"); });
  const Reply reply = get(router, "/broken");
  EXPECT_EQ(reply.status, http::status::internal_server_error);
  EXPECT_EQ(to_text(reply.body), R"({"error":"Internal error"})");
}

}  // namespace
}  // namespace skiff::shop
