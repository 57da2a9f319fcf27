#include "sidecar/route/table_builder.h"

#include <gtest/gtest.h>

#include "tests/support/made_request.h"

namespace skiff {
namespace {

using testing::MadeRequest;

class TableBuilderTest : public ::testing::Test {
 protected:
  // A rule for all paths below `prefix`.
  void add(TableBuilder::Group group, std::uint16_t port, std::string name,
           std::string prefix = "/") {
    HTTPRouteMatch match;
    match.path.value = std::move(prefix);
    matches_.push_back(std::make_unique<CompiledMatch>(match));
    rules_.push_back(std::make_unique<RouteRule>());
    rules_.back()->name = std::move(name);
    builder_.rules(group, port).paths.add({rules_.back().get(), matches_.back().get()});
  }
  static std::string name_of(const RouteTable::Found& found) {
    return found.rule != nullptr ? found.rule->name : found.host_known ? "no rule" : "no host";
  }

  TableBuilder builder_;

 private:
  std::vector<std::unique_ptr<RouteRule>> rules_;
  std::vector<std::unique_ptr<CompiledMatch>> matches_;
};

TEST_F(TableBuilderTest, FindsByHostAndPort) {
  const auto group = builder_.add_group();
  builder_.add_host("shop", group);
  add(group, 80, "web");
  add(group, 9090, "admin");
  const auto table = builder_.build();
  const MadeRequest request("/");
  EXPECT_EQ(name_of(table->find("shop", 80, request)), "web");
  EXPECT_EQ(name_of(table->find("shop", 9090, request)), "admin");
  EXPECT_EQ(name_of(table->find("shop", 0, request)), "web") << "no port: the first";
  EXPECT_EQ(name_of(table->find("shop", 1234, request)), "no rule");
  EXPECT_EQ(name_of(table->find("other", 80, request)), "no host");
}

TEST_F(TableBuilderTest, AGroupOfPortZeroTakesAnyPort) {
  add(builder_.group_of("shop"), 0, "all");
  EXPECT_EQ(name_of(builder_.build()->find("shop", 8080, MadeRequest("/"))), "all");
}

TEST_F(TableBuilderTest, AHostWhoseRulesDoNotMatchLeavesTheRequestToALessSpecificOne) {
  add(builder_.group_of("a.example.com"), 0, "exact", "/a");
  add(builder_.group_of("*.example.com"), 0, "wildcard");
  const auto table = builder_.build();
  EXPECT_EQ(name_of(table->find("a.example.com", 0, MadeRequest("/a"))), "exact");
  EXPECT_EQ(name_of(table->find("a.example.com", 0, MadeRequest("/b"))), "wildcard");
}

TEST_F(TableBuilderTest, OneHostNamedTwiceIsOneGroup) {
  const auto group = builder_.group_of("Shop");
  EXPECT_EQ(builder_.group_of("shop"), group);
  EXPECT_NE(builder_.group_of("other"), group);
}

TEST_F(TableBuilderTest, AListenersHostnameLimitsTheHosts) {
  add(builder_.group_of("*.com"), 0, "com");
  builder_.limit_hosts("*.Example.com");
  const auto table = builder_.build();
  EXPECT_EQ(name_of(table->find("a.example.com", 0, MadeRequest("/"))), "com");
  EXPECT_EQ(name_of(table->find("other.com", 0, MadeRequest("/"))), "no host");
}

TEST_F(TableBuilderTest, AServiceIsFoundByItsExactNameOnly) {
  add(builder_.group_of("product"), 80, "product");
  add(builder_.group_of(""), 80, "any");
  const auto table = builder_.build();
  EXPECT_EQ(name_of(table->find_for_service("product", 0, MadeRequest("/"))), "product");
  EXPECT_EQ(name_of(table->find_for_service("user", 0, MadeRequest("/"))), "no host");
}

TEST_F(TableBuilderTest, TheMatchedPrefixIsToldWithoutItsEndSlash) {
  add(builder_.group_of("shop"), 0, "api", "/api/");
  const auto table = builder_.build();
  EXPECT_EQ(table->find("shop", 0, MadeRequest("/api/x")).matched_prefix, "/api");
}

}  // namespace
}  // namespace skiff
