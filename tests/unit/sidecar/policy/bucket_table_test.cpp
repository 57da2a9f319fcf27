#include "sidecar/policy/bucket_table.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace skiff {
namespace {

Hash128 key(std::uint64_t number) { return {mix_hash(number + 1), number}; }

TEST(BucketTable, KeepsEachKeysBucket) {
  BucketTable table(1'000);
  for (std::uint64_t i = 0; i < 1'000; ++i) table.at(key(i), 0) = i;
  for (std::uint64_t i = 0; i < 1'000; ++i) EXPECT_EQ(table.at(key(i), 0), i);
  EXPECT_EQ(table.size(), 1'000U);
  EXPECT_EQ(table.forgotten(), 0U);
  EXPECT_EQ(table.find(key(1'000)), nullptr);
}

TEST(BucketTable, ForgetsTheLeastRecentlyUsed) {
  BucketTable table(2);
  table.at(key(1), 0);
  table.at(key(2), 0);
  table.at(key(1), 0);
  table.at(key(3), 0);
  EXPECT_NE(table.find(key(1)), nullptr);
  EXPECT_EQ(table.find(key(2)), nullptr);
  EXPECT_EQ(table.forgotten(), 1U);
}

TEST(BucketTable, ForgetsAFullBucketFirst) {
  BucketTable table(3);
  table.at(key(1), 10) = 90;
  table.at(key(2), 10) = 5;  // Full since 5.
  table.at(key(3), 10) = 80;
  EXPECT_LE(table.at(key(4), 10), 10U) << "as full as any new one";
  EXPECT_EQ(table.find(key(2)), nullptr);
  EXPECT_NE(table.find(key(1)), nullptr);
}

TEST(BucketTable, LetsNobodyComeBackFullerThanForgotten) {
  BucketTable table(3);
  table.at(key(1), 10) = 90;
  table.at(key(2), 10) = 70;
  table.at(key(3), 10) = 80;
  EXPECT_EQ(table.at(key(4), 10), 70U) << "the fullest goes, and new ones are no fuller";
  EXPECT_EQ(table.find(key(2)), nullptr);
  table.at(key(4), 10) = 100;
  EXPECT_GE(table.at(key(2), 10), 70U);
}

TEST(BucketTable, KeepsItsSizeWhateverTheNumberOfKeys) {
  BucketTable table(10'000);
  for (std::uint64_t i = 0; i < 10'000; ++i) table.at(key(i), i);
  const std::size_t bytes = table.bytes();
  EXPECT_LE(bytes, 2U << 20);
  for (std::uint64_t i = 0; i < 1'000'000; ++i) table.at(key(i), i);
  EXPECT_EQ(table.size(), 10'000U);
  EXPECT_EQ(table.bytes(), bytes);
  RecordProperty("bytes", static_cast<int>(bytes));
}

TEST(BucketTable, TakesLittleForFewKeys) {
  BucketTable table(10'000);
  EXPECT_LE(table.bytes(), 200U);
  table.at(key(1), 0);
  EXPECT_LE(table.bytes(), 100'000U);
}

TEST(BucketTable, KeepsTheNewestWhenItMayHoldFewer) {
  BucketTable table(100);
  for (std::uint64_t i = 0; i < 100; ++i) table.at(key(i), 50) = 1'000 + i;
  table.set_most(10, 50);
  EXPECT_EQ(table.size(), 10U);
  for (std::uint64_t i = 93; i < 100; ++i) EXPECT_NE(table.find(key(i)), nullptr) << i;
  EXPECT_GE(table.at(key(0), 50), 1'000U) << "forgotten, not full";
}

TEST(BucketTable, KeepsAllWhenItMayHoldMore) {
  BucketTable table(10);
  for (std::uint64_t i = 0; i < 10; ++i) table.at(key(i), 0) = i;
  table.set_most(1'000, 0);
  for (std::uint64_t i = 0; i < 10; ++i) EXPECT_EQ(*table.find(key(i)), i);
  for (std::uint64_t i = 10; i < 1'000; ++i) table.at(key(i), 0);
  EXPECT_EQ(table.forgotten(), 0U);
}

}  // namespace
}  // namespace skiff
