#include "base/lower_case.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

TEST(LowerCase, IsOfLettersOfAsciiOnly) {
  EXPECT_EQ(lower_case("X-Request-ID 09 @[`{"), "x-request-id 09 @[`{");
  EXPECT_EQ(lower_case("\xc3\x84\xe0"), "\xc3\x84\xe0");
  EXPECT_EQ(lower_case(""), "");
}

}  // namespace
}  // namespace skiff
