#include "sample-services/common/json.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>

namespace skiff::shop {
namespace {

TEST(Json, PrintsNumbersAsPeopleWriteThem) {
  const json::object object{{"price", 19.99}, {"total", 249.0}, {"id", 3}, {"used", false}};
  EXPECT_EQ(to_text(object), R"({"price":19.99,"total":249,"id":3,"used":false})");
}

TEST(Json, PrintsNestedAndEmptyContainers) {
  const json::object object{
      {"items", json::array{1, json::object{{"a", json::array{}}}, json::object{}}},
      {"b", nullptr}};
  EXPECT_EQ(to_text(object), R"({"items":[1,{"a":[]},{}],"b":null})");
}

TEST(Json, EscapesKeysAndStrings) {
  EXPECT_EQ(to_text(json::object{{"a\"b", "c\n"}}), R"({"a\"b":"c\n"})");
}

TEST(Json, SeparatesStringsThatEndLikeAContainerBegins) {
  EXPECT_EQ(to_text(json::array{"[", "x"}), R"(["[","x"])");
}

TEST(Json, SaysWhyATextIsNoObject) {
  EXPECT_TRUE(parse_object(R"({"a": 1})"));
  EXPECT_EQ(parse_object("[]").error(), "body is not a JSON object");
  EXPECT_EQ(parse_object("{\"a\"").error().find("body is not JSON: "), 0U);
  EXPECT_FALSE(parse_object("{} {}")) << "one value only";
}

}  // namespace
}  // namespace skiff::shop
