#include "sidecar/http/headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace skiff {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> lines_of(const Headers& headers) {
  std::vector<std::string> lines;
  for (const Field& field : headers)
    lines.push_back(std::string(field.name()) + ": " + std::string(field.value()));
  return lines;
}

std::string upper_case(std::string_view text) {
  std::string upper(text);
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c & ~0x20);
  return upper;
}

TEST(FieldId, IsFoundByItsNameInAnyCase) {
  for (int i = 1; i < static_cast<int>(FieldId::count_); ++i) {
    const auto id = static_cast<FieldId>(i);
    EXPECT_EQ(field_id(field_name(id)), id) << field_name(id);
    EXPECT_EQ(field_id(upper_case(field_name(id))), id) << field_name(id);
  }
}

TEST(FieldId, IsOtherWhereOneByteDiffers) {
  for (int i = 1; i < static_cast<int>(FieldId::count_); ++i) {
    const std::string_view name = field_name(static_cast<FieldId>(i));
    for (std::size_t at = 0; at < name.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string changed(name);
        changed[at] = static_cast<char>(byte);
        if (equals_ignoring_case(changed, name)) continue;
        ASSERT_NE(field_id(changed), static_cast<FieldId>(i)) << testing::PrintToString(changed);
      }
    }
  }
}

TEST(FieldId, IsOtherForUnknownNamesOfEveryLength) {
  for (std::size_t size = 0; size < 40; ++size)
    EXPECT_EQ(field_id(std::string(size, 'q')), FieldId::other) << size;
}

TEST(FieldNames, CompareWithoutRegardToAsciiCaseOnly) {
  EXPECT_TRUE(equals_ignoring_case("X-Foo", "x-foo"));
  EXPECT_FALSE(equals_ignoring_case("X-Foo", "x-fooo"));
  EXPECT_FALSE(equals_ignoring_case("X\rFoo", "x-foo")) << "CR is `-` but for one bit";
  EXPECT_FALSE(equals_ignoring_case("@", "`"));
}

TEST(FieldNames, AreProtectedWithDashesAndWithUnderscores) {
  for (const char* name : {"Host", "content-length", "Content_Length", "X_Forwarded_For",
                           "X-Forwarded-Anything", "x-skiff-attempt", "X_Skiff_Attempt",
                           "Authorization", "Cookie", "traceparent", "If-Match", "X-Request-Id"})
    EXPECT_TRUE(is_protected(name)) << name;
  for (const char* name :
       {"x-forwarded", "x-skiff", "accept", "x-custom", "content", "i", "if", "grpc-status", ""})
    EXPECT_FALSE(is_protected(name)) << name;
}

TEST(Headers, KeepOrderCaseAndRepetition) {
  Arena arena;
  Headers headers;
  headers.add(arena, "B", "1");
  headers.add(arena, "a", "2");
  headers.add(arena, "b", "3");
  EXPECT_THAT(lines_of(headers), ElementsAre("B: 1", "a: 2", "b: 3"));
}

TEST(Headers, FindTheFirstOfANameInAnyCase) {
  Arena arena;
  Headers headers;
  headers.add(arena, "X-One", "1");
  headers.add(arena, "x-one", "2");
  headers.add(arena, "CONTENT-TYPE", "3");
  EXPECT_EQ(headers.find("x-ONE")->value(), "1");
  EXPECT_EQ(headers.find(FieldId::content_type)->value(), "3");
  EXPECT_EQ(headers.find("Content-type")->value(), "3");
  EXPECT_EQ(headers.find("x-two"), nullptr);
  EXPECT_EQ(headers.find(FieldId::via), nullptr);
}

TEST(Headers, RemoveAllOfAName) {
  Arena arena;
  Headers headers;
  for (const char* name : {"a", "X", "via", "A", "Via", "b"}) headers.add(arena, name, "");
  headers.remove("a");
  EXPECT_THAT(lines_of(headers), ElementsAre("X: ", "via: ", "Via: ", "b: "));
  headers.remove(FieldId::via);
  headers.remove("X");
  headers.remove("B");
  EXPECT_THAT(lines_of(headers), IsEmpty());
}

TEST(Headers, SetReplacesAllOfAName) {
  Arena arena;
  Headers headers;
  for (const char* value : {"1", "2"}) headers.add(arena, "X", value);
  headers.add(arena, "Y", "3");
  headers.set(arena, "x", "4");
  EXPECT_THAT(lines_of(headers), ElementsAre("Y: 3", "x: 4"));
}

TEST(Headers, GrowPastTheirCapacity) {
  Arena arena;
  Headers headers;
  headers.reserve(arena, 2);
  for (int i = 0; i < 500; ++i) headers.add(arena, "X", i == 499 ? "last" : "");
  EXPECT_EQ(headers.size(), 500U);
  EXPECT_EQ((headers.end() - 1)->value(), "last");
}

TEST(Headers, RebaseMovesOnlyWhatLiesInTheMemoryGiven) {
  Arena arena;
  Headers headers;
  const std::string from = "a: b";
  const std::string to = from;
  headers.add(arena, std::string_view(from).substr(0, 1), std::string_view(from).substr(3));
  headers.add(arena, "literal", "value");
  const char* const literal = headers.find("literal")->name_at;
  headers.rebase(from.data(), from.size(), to.data());
  EXPECT_EQ(headers.begin()->name_at, to.data());
  EXPECT_EQ(headers.begin()->value_at, to.data() + 3);
  EXPECT_EQ(headers.find("literal")->name_at, literal);
}

}  // namespace
}  // namespace skiff
