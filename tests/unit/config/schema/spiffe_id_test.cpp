#include "config/schema/spiffe_id.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

bool is_id(std::string_view text) { return parse_spiffe_id(text).has_value(); }

TEST(SpiffeId, HasATrustDomainAndAPath) {
  const auto id = parse_spiffe_id("spiffe://shop.example/ns/shop/sa/Product_1");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->trust_domain, "shop.example");
  EXPECT_EQ(id->path, "/ns/shop/sa/Product_1");
}

// C5: SPIFFE-ID 2.
TEST(SpiffeId, IsRefusedWhereItIsNotOneByteForByte) {
  for (const char* text : {"",
                           "spiffe:",
                           "spiffe://",
                           "spiffe:///a",
                           "spiffe://d",
                           "spiffe://d/",
                           "SPIFFE://d/a",
                           "http://d/a",
                           "spiffe:/d/a",
                           "spiffe://d//a",
                           "spiffe://d/a/",
                           "spiffe://d/a//b",
                           "spiffe://d/.",
                           "spiffe://d/..",
                           "spiffe://d/a/./b",
                           "spiffe://d/a/../b",
                           "spiffe://D/a",
                           "spiffe://d/%41",
                           "spiffe://d/a?q",
                           "spiffe://d/a#f",
                           "spiffe://u@d/a",
                           "spiffe://d:1/a",
                           "spiffe://d/a b",
                           "spiffe://d/a\n",
                           "spiffe://d/\xc3\xa9",
                           "spiffe://d\xc3/a",
                           " spiffe://d/a",
                           "spiffe://d/a*"}) {
    EXPECT_FALSE(is_id(text)) << text;
  }
  EXPECT_FALSE(is_id(std::string_view("spiffe://d/a\0", 13)));
}

TEST(SpiffeId, DotsAreRefusedOnlyAsAWholeSegment) {
  EXPECT_TRUE(is_id("spiffe://d/..."));
  EXPECT_TRUE(is_id("spiffe://d/.a"));
  EXPECT_TRUE(is_id("spiffe://d.-_1/a.-_1"));
}

TEST(SpiffeId, HasAtMost2048BytesAndItsTrustDomain255) {
  const std::string start = "spiffe://d/";
  EXPECT_TRUE(is_id(start + std::string(2'048 - start.size(), 'a')));
  EXPECT_FALSE(is_id(start + std::string(2'049 - start.size(), 'a')));
  EXPECT_TRUE(is_id("spiffe://" + std::string(255, 'd') + "/a"));
  EXPECT_FALSE(is_id("spiffe://" + std::string(256, 'd') + "/a"));
}

TEST(SpiffeId, ANamespaceIsSaidByPathsOfOneForm) {
  EXPECT_EQ(namespace_of_path("/ns/shop/sa/product"), "shop");
  for (const char* path : {"/ns/shop", "/ns/shop/sa", "/ns/shop/sa/", "/ns/shop/sa/a/b",
                           "/ns//sa/a", "/x/ns/shop/sa/a", "/ns/shop/xx/a", "/shop"}) {
    EXPECT_EQ(namespace_of_path(path), "") << path;
  }
}

TEST(SpiffeId, APathBecomesAnIdInTheOwnTrustDomain) {
  EXPECT_EQ(workload_path("shop", "product"), "/ns/shop/sa/product");
  EXPECT_EQ(full_identity("/ns/shop/sa/product", "d"), "spiffe://d/ns/shop/sa/product");
  EXPECT_EQ(full_identity("spiffe://e/x", "d"), "spiffe://e/x");
}

}  // namespace
}  // namespace skiff
