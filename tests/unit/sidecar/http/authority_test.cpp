#include "sidecar/http/authority.h"

#include <gtest/gtest.h>

#include <string>

namespace skiff {
namespace {

TEST(Authority, IsANameOrAnAddressWithOrWithoutAPort) {
  for (const char* text : {"a", "product", "product.shop", "a.", "A-b_c.9", "127.0.0.1", "a:1",
                           "a:65535", "[::1]", "[::1]:80", "[2001:db8::ff]", "[::ffff:1.2.3.4]"})
    EXPECT_TRUE(is_authority(text)) << text;
}

TEST(Authority, IsNothingElse) {
  for (const char* text :
       {"",       ":80",    "a:",      "a:0",       "a:01",   "a:65536", "a:123456", "a:x", "a:-1",
        "a b",    "a/",     "a,b",     "u@a",       ".a",     "a..b",    "::1",      "[]",  "[::1",
        "[::1]x", "[::1]:", "[::1%1]", "[1.2.3.4]", "[:::1]", "a%20",    "a\x80",    "a\t"})
    EXPECT_FALSE(is_authority(text)) << text;
  EXPECT_FALSE(is_authority(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_authority(std::string_view("[::1\0]", 6)));
}

TEST(Authority, HasAtMost255Bytes) {
  EXPECT_TRUE(is_authority(std::string(255, 'a')));
  EXPECT_FALSE(is_authority(std::string(256, 'a')));
  EXPECT_FALSE(is_authority("[" + std::string(300, ':') + "]"));
}

TEST(Authority, CanBeAskedForAPort) {
  EXPECT_TRUE(is_authority_with_port("a:80"));
  EXPECT_TRUE(is_authority_with_port("[::1]:80"));
  for (const char* text : {"a", "[::1]", "a:", ":80", ""})
    EXPECT_FALSE(is_authority_with_port(text)) << text;
}

}  // namespace
}  // namespace skiff
