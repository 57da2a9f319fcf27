#include "sample-services/common/http.h"

#include <gtest/gtest.h>

namespace skiff::shop {
namespace {

TEST(QueryInteger, IsFoundByItsWholeName) {
  const Range range{1, 1'000};
  EXPECT_EQ(query_integer("limit=5", "limit", 100, range), 5);
  EXPECT_EQ(query_integer("limits=5&limit=6", "limit", 100, range), 6);
  EXPECT_EQ(query_integer("", "limit", 100, range), 100);
  EXPECT_EQ(query_integer("limit=x&a=1", "limit", 100, range), 100);
}

TEST(QueryInteger, IsHeldIntoItsRange) {
  EXPECT_EQ(query_integer("limit=0", "limit", 100, {1, 1'000}), 1);
  EXPECT_EQ(query_integer("limit=99999", "limit", 100, {1, 1'000}), 1'000);
}

TEST(ReadBody, AnswersWhatWasReadOrThe400) {
  const auto read = [](FieldReader& body) { return body.integer("id"); };
  EXPECT_EQ(*read_body(R"({"id": 4})", read), 4);
  const auto refused = read_body("{}", read);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, http::status::bad_request);
  EXPECT_EQ(to_text(refused.error().body), R"({"error":"field 'id' is missing","field":"id"})");
  EXPECT_EQ(read_body("nonsense", read).error().status, http::status::bad_request);
}

TEST(ReadReverses, AnswersTheKeyNothingOrThe400) {
  EXPECT_EQ(*read_reverses(R"({"reverses": "k"})"), "k");
  EXPECT_EQ(*read_reverses(R"({"amount": 4})"), "");
  EXPECT_EQ(read_reverses(R"({"reverses": 4})").error().status, http::status::bad_request);
}

}  // namespace
}  // namespace skiff::shop
