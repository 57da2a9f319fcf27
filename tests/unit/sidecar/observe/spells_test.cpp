#include "sidecar/observe/spells.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

using namespace std::chrono_literals;

class SpellsTest : public testing::Test {
 protected:
  // A second later there are so many more.
  std::optional<Spells::Change> later(std::uint64_t bad, std::uint64_t all) {
    now_ += 1s;
    bad_ += bad;
    all_ += all;
    return spells_.look("one", bad_, all_, now_);
  }
  void begin_anew() { bad_ = all_ = 0; }

 private:
  Spells spells_;
  TimePoint now_ = TimePoint{} + 1h;
  std::uint64_t bad_ = 0;
  std::uint64_t all_ = 0;
};

TEST_F(SpellsTest, BeginsWithTheFirstBadOne) {
  EXPECT_FALSE(later(0, 10));
  EXPECT_FALSE(later(0, 10));
  const auto change = later(2, 12);
  ASSERT_TRUE(change);
  EXPECT_TRUE(change->begins);
  EXPECT_EQ(change->bad, 2u);
  EXPECT_EQ(change->all, 12u);
  EXPECT_EQ(change->time, 1s);
  EXPECT_FALSE(later(2, 12));
}

TEST_F(SpellsTest, TellsTheFirstLookOfWhatIsBadAlready) {
  const auto change = later(3, 3);
  ASSERT_TRUE(change);
  EXPECT_TRUE(change->begins);
  EXPECT_EQ(change->bad, 3u);
}

TEST_F(SpellsTest, EndsWhenNothingBadHappenedForLongEnough) {
  later(0, 100);
  later(1, 10);
  later(4, 10);
  for (auto waited = 1s; waited < Spells::quiet; waited += 1s) EXPECT_FALSE(later(0, 1));
  const auto change = later(0, 1);
  ASSERT_TRUE(change);
  EXPECT_FALSE(change->begins);
  EXPECT_EQ(change->bad, 5u);
  EXPECT_EQ(change->all, 30u);
  EXPECT_EQ(change->time, 12s);
  EXPECT_FALSE(later(0, 1));
}

TEST_F(SpellsTest, OneBadOneInTimeGoesOn) {
  later(1, 1);
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(later(0, 1));
  EXPECT_FALSE(later(1, 1));
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(later(0, 1));
  const auto change = later(0, 1);
  ASSERT_TRUE(change);
  EXPECT_FALSE(change->begins);
  EXPECT_EQ(change->bad, 2u);
}

TEST_F(SpellsTest, BeginsAnewAfterItsEnd) {
  later(1, 1);
  for (int i = 0; i < 10; ++i) later(0, 0);
  const auto change = later(1, 2);
  ASSERT_TRUE(change);
  EXPECT_TRUE(change->begins);
  EXPECT_EQ(change->bad, 1u);
}

TEST_F(SpellsTest, CountersThatBeginAnewAreCountedFromNothing) {
  later(5, 50);
  for (int i = 0; i < 10; ++i) later(0, 1);
  begin_anew();
  const auto change = later(2, 4);
  ASSERT_TRUE(change);
  EXPECT_TRUE(change->begins);
  EXPECT_EQ(change->bad, 2u);
  EXPECT_EQ(change->all, 4u);
}

TEST(Spells, ForgetsWhatNobodyLooksAt) {
  Spells spells;
  const TimePoint now = TimePoint{} + 1h;
  spells.look("gone", 1, 1, now);
  spells.forget_before(now);
  EXPECT_FALSE(spells.look("gone", 2, 2, now + 1s));
  spells.forget_before(now + 2s);
  EXPECT_TRUE(spells.look("gone", 1, 1, now + 2s));
}

TEST(Spells, WhatIsNewCountedNothingUntilTheLookBefore) {
  Spells spells;
  const TimePoint now = TimePoint{} + 1h;
  spells.forget_before(now);
  const auto change = spells.look("new", 1, 3, now + 1s);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->time, 1s);
}

TEST(Spells, KeepsNamesApart) {
  Spells spells;
  const TimePoint now = TimePoint{} + 1h;
  EXPECT_FALSE(spells.look("a", 0, 5, now));
  EXPECT_TRUE(spells.look("b", 1, 5, now));
  EXPECT_TRUE(spells.look("a", 1, 6, now + 1s));
}

}  // namespace
}  // namespace skiff
