#include "base/spiffe.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

TEST(Spiffe, TakesAnIdApart) {
  const auto id = parse_spiffe_id("spiffe://shop.local/ns/prod/sa/order-1_x.Y");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->trust_domain, "shop.local");
  EXPECT_EQ(id->path, "/ns/prod/sa/order-1_x.Y");
}

TEST(Spiffe, RefusesWhatHasAnotherForm) {
  for (const char* text : {"",
                           "shop.local/a",
                           "spiffe:/shop.local/a",
                           "https://shop.local/a",
                           "SPIFFE://shop.local/a",
                           "spiffe:///a",
                           "spiffe://shop.local/",
                           "spiffe://shop.local//a",
                           "spiffe://shop.local/a/",
                           "spiffe://shop.local/a//b",
                           "spiffe://shop.local/.",
                           "spiffe://shop.local/a/../b",
                           "spiffe://shop.local/%41",
                           "spiffe://shop.local/a?q",
                           "spiffe://shop.local/a#f",
                           "spiffe://user@shop.local/a",
                           "spiffe://shop.local:80/a",
                           "spiffe://Shop.local/a",
                           "spiffe://shop.local/a b",
                           "spiffe://shop.local/\xc3\xa4",
                           "spiffe://shöp.local/a"}) {
    EXPECT_FALSE(parse_spiffe_id(text)) << text;
  }
  EXPECT_FALSE(parse_spiffe_id(std::string_view("spiffe://shop.local/a\0b", 23)));
}

TEST(Spiffe, HasLimits) {
  const std::string start = "spiffe://shop.local/";
  EXPECT_TRUE(parse_spiffe_id(start + std::string(2048 - start.size(), 'a')));
  EXPECT_FALSE(parse_spiffe_id(start + std::string(2049 - start.size(), 'a')));
  EXPECT_TRUE(is_trust_domain(std::string(255, 'a')));
  EXPECT_FALSE(is_trust_domain(std::string(256, 'a')));
}

}  // namespace
}  // namespace skiff
