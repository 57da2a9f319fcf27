#include "base/strict_json.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

TEST(StrictJson, ReadsAnObject) {
  const JsonPtr object = read_json_object(R"( {"a": "text", "b": [1, {"c": null}]} )");
  ASSERT_NE(object, nullptr);
  EXPECT_EQ(text_member(object.get(), "a"), "text");
  EXPECT_EQ(text_member(object.get(), "b").data(), nullptr) << "it is no text";
  EXPECT_EQ(text_member(object.get(), "c").data(), nullptr) << "it is not there";
  EXPECT_EQ(text_member(nullptr, "a").data(), nullptr);
}

TEST(StrictJson, TellsAnEmptyTextFromNone) {
  const JsonPtr object = read_json_object(R"({"a": ""})");
  EXPECT_NE(text_member(object.get(), "a").data(), nullptr);
  EXPECT_EQ(text_member(object.get(), "a"), "");
}

TEST(StrictJson, RefusesWhatOthersMayReadOtherwise) {
  for (const char* text :
       {"", "[]", "\"a\"", "{} {}", "{},", R"({"a": 1, "a": 2})", R"({"b": {"a": 1, "a": 1}})",
        R"({"a": "\u0000"})", R"({"a\u0000b": 1})", "{\"a\": \"\xff\"}", "{\"a\": \"\n\"}",
        "{a: 1}", R"({"a": 01})", R"({"a": NaN})", R"({"a": 1e999})",
        R"({"a": 99999999999999999999})", "{\"a\": 1,}", R"({"a": "\ud800"})", "{/* */}"}) {
    std::string reason;
    EXPECT_EQ(read_json_object(text, &reason), nullptr) << text;
    EXPECT_NE(reason, "") << text;
  }
}

TEST(StrictJson, RefusesWhatIsTooDeep) {
  std::string text = "{\"a\":";
  for (int i = 0; i < 100'000; ++i) text += "[";
  EXPECT_EQ(read_json_object(text), nullptr);
}

}  // namespace
}  // namespace skiff
