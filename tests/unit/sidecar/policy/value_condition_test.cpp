#include "sidecar/policy/value_condition.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

TEST(ValueCondition, IsAWholeText) {
  const ValueCondition condition("a.c", std::nullopt);
  EXPECT_TRUE(condition.holds("a.c", false));
  for (const char* other : {"", "abc", "a.c ", "A.c", "xa.c"})
    EXPECT_FALSE(condition.holds(other, true)) << other;
  EXPECT_TRUE(ValueCondition("", std::nullopt).holds("", false));
  EXPECT_TRUE(ValueCondition("\xff", std::nullopt).holds("\xff", false));
}

TEST(ValueCondition, IsAnExpressionOfAllOfIt) {
  const ValueCondition condition(std::nullopt, "(.* )?orders( .*)?");
  EXPECT_TRUE(condition.holds("orders", false));
  EXPECT_TRUE(condition.holds("openid orders profile", false));
  EXPECT_FALSE(condition.holds("reorders", true));
  EXPECT_FALSE(condition.holds("orders\n", true));
}

TEST(ValueCondition, IsUnknownOfWhatNoExpressionCanBeAsked) {
  for (const bool unknown : {true, false}) {
    EXPECT_EQ(ValueCondition(std::nullopt, ".*").holds("\xff", unknown), unknown);
    EXPECT_EQ(ValueCondition(std::nullopt, "(").holds("(", unknown), unknown);
  }
}

}  // namespace
}  // namespace skiff
