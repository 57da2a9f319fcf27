#include "base/keyed_hash.h"

#include <gtest/gtest.h>

#include <string>

namespace skiff {
namespace {

TEST(KeyedHash, IsTheSameForTheSameText) {
  const KeyedHash hash;
  for (const std::size_t size : {0U, 1U, 16U, 17U, 128U, 129U, 240U, 241U, 5'000U}) {
    const std::string text(size, 'x');
    EXPECT_EQ(hash(text), hash(std::string(text)));
    EXPECT_NE(hash(text), hash(text + "x"));
  }
}

TEST(KeyedHash, IsAnotherFunctionEachTime) {
  EXPECT_NE(KeyedHash()("text"), KeyedHash()("text"));
  EXPECT_NE(KeyedHash()(std::string(1'000, 'x')), KeyedHash()(std::string(1'000, 'x')));
}

}  // namespace
}  // namespace skiff
