#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace skiff {
namespace {

TEST(FindInvalidUtf8, TakesEveryLengthOfSequence) {
  EXPECT_FALSE(find_invalid_utf8(""));
  EXPECT_FALSE(find_invalid_utf8("plain text, longer than eight bytes"));
  EXPECT_FALSE(find_invalid_utf8("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x9A\xA4 \xF4\x8F\xBF\xBF"));
}

TEST(FindInvalidUtf8, TellsTheFirstBadByte) {
  for (const char* bad :
       {"\x80", "\xC0\xAF", "\xC3", "\xC3(", "\xE0\x80\xAF", "\xED\xA0\x80", "\xE2\x82",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(find_invalid_utf8(std::string("0123456789") + bad), 10U) << bad;
  }
}

}  // namespace
}  // namespace skiff
