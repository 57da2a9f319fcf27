#include "base/hash.h"

#include <gtest/gtest.h>

#include <limits>

namespace skiff {
namespace {

TEST(Hash, IsTheSameEverywhere) {
  EXPECT_EQ(stable_hash(""), 0x2d06800538d394c2) << "XXH3's own test vector for no bytes";
  EXPECT_EQ(stable_hash("user-1"), stable_hash(std::string("user-") + "1"));
  EXPECT_NE(stable_hash("user-1"), stable_hash("user-2"));
}

TEST(Hash, ScalesInOrderOverTheWholeBound) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(scale_hash(0, 100), 0u);
  EXPECT_EQ(scale_hash(most / 2, 100), 49u);
  EXPECT_EQ(scale_hash(most / 2 + 1, 100), 50u);
  EXPECT_EQ(scale_hash(most, 100), 99u);
}

TEST(Hash, MixingSpreadsNeighbours) {
  EXPECT_NE(mix_hash(1) >> 56, mix_hash(2) >> 56);
  EXPECT_EQ(mix_hash(0), 0u);
}

}  // namespace
}  // namespace skiff
