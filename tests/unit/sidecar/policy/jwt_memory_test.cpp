#include "sidecar/policy/jwt_memory.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

TokenHash hash_of(unsigned char first, unsigned char last = 0) {
  TokenHash hash{};
  hash.front() = first;
  hash.back() = last;
  return hash;
}

RememberedToken token(std::uint32_t provider) { return {.provider = provider}; }

TEST(JwtMemory, FindsWhatWasAdded) {
  JwtMemory memory(10);
  EXPECT_EQ(memory.find(hash_of(1)), nullptr);
  memory.add(hash_of(1), token(7));
  ASSERT_NE(memory.find(hash_of(1)), nullptr);
  EXPECT_EQ(memory.find(hash_of(1))->provider, 7U);
  EXPECT_EQ(memory.find(hash_of(2)), nullptr);
  memory.add(hash_of(1), token(8));
  EXPECT_EQ(memory.find(hash_of(1))->provider, 8U);
  EXPECT_EQ(memory.size(), 1U);
}

TEST(JwtMemory, TellsTokensByTheWholeHash) {
  JwtMemory memory(10);
  memory.add(hash_of(1, 1), token(1));
  EXPECT_EQ(memory.find(hash_of(1, 2)), nullptr);
  memory.add(hash_of(1, 2), token(2));
  EXPECT_EQ(memory.find(hash_of(1, 1))->provider, 1U);
  EXPECT_EQ(memory.find(hash_of(1, 2))->provider, 2U);
}

TEST(JwtMemory, LosesTheLeastRecentlyUsed) {
  JwtMemory memory(2);
  memory.add(hash_of(1), token(1));
  memory.add(hash_of(2), token(2));
  EXPECT_NE(memory.find(hash_of(1)), nullptr);
  memory.add(hash_of(3), token(3));
  EXPECT_EQ(memory.size(), 2U);
  EXPECT_EQ(memory.find(hash_of(2)), nullptr);
  EXPECT_NE(memory.find(hash_of(1)), nullptr);
  EXPECT_NE(memory.find(hash_of(3)), nullptr);
}

TEST(JwtMemory, Forgets) {
  JwtMemory memory(2);
  memory.add(hash_of(1), token(1));
  memory.forget(hash_of(1));
  memory.forget(hash_of(2));
  EXPECT_EQ(memory.find(hash_of(1)), nullptr);
  EXPECT_EQ(memory.size(), 0U);
}

TEST(JwtMemory, LosesWhatALowerLimitLeavesNoPlaceFor) {
  JwtMemory memory(3);
  for (unsigned char i = 1; i <= 3; ++i) memory.add(hash_of(i), token(i));
  EXPECT_NE(memory.find(hash_of(1)), nullptr);
  memory.limit(1);
  EXPECT_EQ(memory.size(), 1U);
  EXPECT_NE(memory.find(hash_of(1)), nullptr) << "it was used last";
  memory.limit(2);
  memory.add(hash_of(4), token(4));
  EXPECT_EQ(memory.size(), 2U);
}

TEST(JwtMemory, OfNoneRemembersNothing) {
  JwtMemory memory(0);
  memory.add(hash_of(1), token(1));
  EXPECT_EQ(memory.find(hash_of(1)), nullptr);
}

}  // namespace
}  // namespace skiff
