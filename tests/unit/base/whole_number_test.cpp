#include "base/whole_number.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace skiff {
namespace {

TEST(WholeNumber, IsAllOfTheText) {
  EXPECT_EQ(whole_number<std::uint8_t>("16"), 16);
  EXPECT_EQ(whole_number<std::uint16_t>("0080"), 80);
  EXPECT_EQ(whole_number<std::uint64_t>("18446744073709551615"), UINT64_MAX);
  for (const char* text : {"", " 1", "1 ", "1s", "-1", "+1", "0x1", "one"}) {
    EXPECT_FALSE(whole_number<std::uint32_t>(text)) << text;
  }
}

TEST(WholeNumber, FitsItsType) {
  EXPECT_EQ(whole_number<std::uint8_t>("255"), 255);
  EXPECT_FALSE(whole_number<std::uint8_t>("256"));
  EXPECT_FALSE(whole_number<std::uint64_t>("18446744073709551616"));
}

}  // namespace
}  // namespace skiff
