#include "sidecar/route/host_index.h"

#include <gtest/gtest.h>

#include <vector>

namespace skiff {
namespace {

std::vector<HostIndex::Value> visited(const HostIndex& index, std::string_view host) {
  std::vector<HostIndex::Value> values;
  index.visit(host, [&](HostIndex::Value value) {
    values.push_back(value);
    return false;
  });
  return values;
}

using Values = std::vector<HostIndex::Value>;

TEST(HostIndex, GoesFromTheExactHostOverTheLongestWildcardToAny) {
  HostIndex index;
  index.add("", 0);
  index.add("*.com", 1);
  index.add("*.example.com", 2);
  index.add("*.shop.example.com", 3);
  index.add("a.shop.example.com", 4);
  EXPECT_EQ(visited(index, "a.shop.example.com"), (Values{4, 3, 2, 1, 0}));
  EXPECT_EQ(visited(index, "b.shop.example.com"), (Values{3, 2, 1, 0}));
  EXPECT_EQ(visited(index, "x.y.example.com"), (Values{2, 1, 0})) << "a star is several labels";
  EXPECT_EQ(visited(index, "elsewhere.org"), (Values{0}));
}

TEST(HostIndex, StopsWhereTheVisitorIsSatisfied) {
  HostIndex index;
  index.add("*.example.com", 1);
  index.add("", 0);
  int visits = 0;
  index.visit("a.example.com", [&](HostIndex::Value) { return ++visits == 1; });
  EXPECT_EQ(visits, 1);
}

TEST(HostIndex, AWildcardIsNotForTheBareDomainNorForALongerLabel) {
  HostIndex index;
  index.add("*.example.com", 1);
  EXPECT_EQ(visited(index, "example.com"), Values{});
  EXPECT_EQ(visited(index, ".example.com"), Values{});
  EXPECT_EQ(visited(index, "badexample.com"), Values{});
  EXPECT_EQ(visited(index, ""), Values{});
}

TEST(HostIndex, TheFirstToComeKeepsAName) {
  HostIndex index;
  EXPECT_EQ(index.add("Shop", 1), 1u);
  EXPECT_EQ(index.add("shop", 2), 1u);
  EXPECT_EQ(index.add("", 3), 3u);
  EXPECT_EQ(index.add("*", 4), 3u);
  EXPECT_EQ(index.exact("shop"), 1u);
  EXPECT_EQ(index.exact("other"), std::nullopt);
}

}  // namespace
}  // namespace skiff
