#include "sidecar/app/target_bulkheads.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace skiff {
namespace {

BulkheadLimitConfig of(std::uint32_t most) { return {.max_concurrent = most, .adaptive = {}}; }

struct TargetBulkheadsTest : testing::Test {
  // `scope subject: in use/limit`.
  std::vector<std::string> seen() const {
    std::vector<std::string> all;
    bulkheads.visit(
        [&all](std::string_view scope, std::string_view subject, const Bulkhead::Figures& figures) {
          all.push_back(std::string(scope).append(" ").append(subject).append(": ").append(
              std::to_string(figures.in_use) + "/" + std::to_string(figures.limit)));
        });
    return all;
  }
  using Seen = std::vector<std::string>;

  const std::string name = "product.shop";
  const OnPolicyEvent nobody;
  TargetBulkheads bulkheads{name, nobody};
};

TEST_F(TargetBulkheadsTest, LimitsNothingUntilAPolicySaysSo) {
  EXPECT_EQ(bulkheads.target(), nullptr);
  EXPECT_EQ(bulkheads.callers(), nullptr);
  EXPECT_EQ(bulkheads.endpoint("10.0.0.1:80"), nullptr);
  bulkheads.configure({});
  EXPECT_EQ(bulkheads.target(), nullptr);
  EXPECT_TRUE(seen().empty());
}

TEST_F(TargetBulkheadsTest, KeepsTheCountWhileItsPolicyChangesOrIsOff) {
  bulkheads.configure({.target = of(5), .endpoint = {}, .caller = {}});
  Bulkhead* const target = bulkheads.target();
  target->try_admit();
  bulkheads.configure({.target = of(2), .endpoint = {}, .caller = {}});
  EXPECT_EQ(bulkheads.target(), target);
  EXPECT_EQ(seen(), Seen{"target product.shop: 1/2"});
  bulkheads.configure({});
  EXPECT_EQ(bulkheads.target(), nullptr);
  EXPECT_TRUE(seen().empty());
  bulkheads.configure({.target = of(3), .endpoint = {}, .caller = {}});
  EXPECT_EQ(seen(), Seen{"target product.shop: 1/3"});
}

TEST_F(TargetBulkheadsTest, AllWorkersGetTheSameOfAnEndpointWhileOneHoldsIt) {
  bulkheads.configure({.target = {}, .endpoint = of(2), .caller = {}});
  auto one = bulkheads.endpoint("10.0.0.1:80");
  const auto same = bulkheads.endpoint("10.0.0.1:80");
  const auto other = bulkheads.endpoint("10.0.0.2:80");
  EXPECT_EQ(one, same);
  EXPECT_NE(one, other);
  one->try_admit();
  EXPECT_EQ(seen(), (Seen{"endpoint product.shop 10.0.0.1:80: 1/2",
                          "endpoint product.shop 10.0.0.2:80: 0/2"}));
  bulkheads.configure({.target = {}, .endpoint = of(7), .caller = {}});
  EXPECT_EQ(other->figures().limit, 7u);
  one->released({});
}

TEST_F(TargetBulkheadsTest, AnEndpointThatNobodyHoldsIsForgotten) {
  bulkheads.configure({.target = {}, .endpoint = of(2), .caller = {}});
  bulkheads.endpoint("10.0.0.1:80");
  EXPECT_TRUE(seen().empty());
}

TEST_F(TargetBulkheadsTest, OfCallersShowsWhoHasSomethingInFlight) {
  bulkheads.configure({.target = {}, .endpoint = {}, .caller = of(2)});
  bulkheads.callers()->of("spiffe://mesh/ns/shop/sa/order").try_admit();
  bulkheads.callers()->of("spiffe://mesh/ns/shop/sa/user");
  EXPECT_EQ(seen(), Seen{"caller product.shop spiffe://mesh/ns/shop/sa/order: 1/2"});
}

}  // namespace
}  // namespace skiff
