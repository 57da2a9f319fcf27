#include "sample-services/user/handlers.h"

#include <gtest/gtest.h>

#include "tests/support/shop/ask.h"

namespace skiff::shop {
namespace {

struct UserHandlers : testing::Test {
  UserHandlers() {
    add_user_handlers(router, *storage);
    post(router, "/users", R"({"name": "Ada"})");
  }
  std::unique_ptr<UserStorage> storage = open_user_storage(":memory:");
  Router router;
};

TEST_F(UserHandlers, CreateAndShowUsers) {
  const Reply created = post(router, "/users", R"({"name": "Grace", "email": "g@example.com"})");
  EXPECT_EQ(created.status, http::status::created);
  EXPECT_EQ(to_text(created.body),
            R"({"id":2,"name":"Grace","email":"g@example.com","points":0,"coupons":[]})");
  EXPECT_EQ(get(router, "/users/2").body, created.body);
  EXPECT_EQ(to_text(get(router, "/users?limit=1").body),
            R"([{"id":1,"name":"Ada","email":"","points":0}])");
}

TEST_F(UserHandlers, SayWhatIsWrong) {
  EXPECT_EQ(to_text(get(router, "/users/9").body), R"({"error":"User not found"})");
  EXPECT_EQ(get(router, "/users/9").status, http::status::not_found);
  const Reply nameless = post(router, "/users", "{}");
  EXPECT_EQ(nameless.status, http::status::bad_request);
  EXPECT_EQ(nameless.body.at("field"), "name");
}

TEST_F(UserHandlers, GiveTakeAndTakeBackPoints) {
  EXPECT_EQ(post(router, "/users/1/points", R"({"amount": 500})").body.at("points"), 500);
  EXPECT_EQ(post(router, "/users/1/points", R"({"amount": -200})", "k").body.at("points"), 300);
  EXPECT_EQ(post(router, "/users/1/points", R"({"amount": -200})", "k").body.at("points"), 300);
  EXPECT_EQ(post(router, "/users/1/points", R"({"reverses": "k"})").body.at("points"), 500);
  const Reply refused = post(router, "/users/1/points", R"({"amount": -501})");
  EXPECT_EQ(refused.status, http::status::conflict);
  EXPECT_EQ(to_text(refused.body), R"({"error":"Insufficient points"})");
}

TEST_F(UserHandlers, IssueCoupons) {
  EXPECT_EQ(to_text(post(router, "/users/1/coupons", R"({"discount": 2.5})").body),
            R"({"id":1,"discount":2.5,"used":false})");
  EXPECT_EQ(post(router, "/users/9/coupons", R"({"discount": 1})").status, http::status::not_found);
}

}  // namespace
}  // namespace skiff::shop
