#include "sample-services/common/money.h"

#include <gtest/gtest.h>

#include <limits>

namespace skiff::shop {
namespace {

TEST(Money, ReadsDecimalsToTheMinorUnit) {
  EXPECT_EQ(money_from_decimal(0), Money{0});
  EXPECT_EQ(money_from_decimal(19.99), Money{1'999});
  EXPECT_EQ(money_from_decimal(0.29), Money{29}) << "0.29 * 100 is 28.999…";
  EXPECT_EQ(money_from_decimal(10'000'000), highest_price);
}

TEST(Money, RefusesWhatIsNoPrice) {
  EXPECT_FALSE(money_from_decimal(-0.01));
  EXPECT_FALSE(money_from_decimal(19.999));
  EXPECT_FALSE(money_from_decimal(10'000'000.01));
  EXPECT_FALSE(money_from_decimal(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_FALSE(money_from_decimal(std::numeric_limits<double>::infinity()));
}

TEST(Money, EveryAmountSurvivesTheWire) {
  for (std::int64_t minor = 0; minor < 1'000'000; minor += 7) {
    ASSERT_EQ(money_from_decimal(to_decimal({minor})), Money{minor});
  }
}

TEST(Money, MultipliesWithoutRounding) { EXPECT_EQ(Money{1'999} * 3 - Money{500}, Money{5'497}); }

}  // namespace
}  // namespace skiff::shop
