#include "sidecar/policy/rate_limit_key.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "sidecar/http/token_claims.h"

namespace skiff {
namespace {

using Type = RateLimitKeyConfig::Type;
using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// An exchange whose request was read.
struct Asked {
  explicit Asked(std::string_view path, Fields fields = {}, std::string_view method = "GET") {
    exchange.request.path = path;
    exchange.request.method_name = method;
    exchange.request.authority = "product";
    for (const auto& [name, value] : fields)
      exchange.request.headers.add(exchange.arena, name, value);
  }
  Exchange exchange;
};

std::string key_of(const RateLimitKey& key, Asked&& asked) {
  return std::string(key.of(asked.exchange));
}

TEST(RateLimitKey, MatchesAllWhereNothingIsAsked) {
  const RateLimitKey key({}, {});
  EXPECT_TRUE(key.matches(Asked("/").exchange));
  EXPECT_TRUE(key.is_one());
}

TEST(RateLimitKey, MatchesWholePartsOfThePath) {
  const RateLimitKey key({.path_prefix = "/api/", .methods = {}, .headers = {}}, {});
  EXPECT_TRUE(key.matches(Asked("/api").exchange));
  EXPECT_TRUE(key.matches(Asked("/api/").exchange));
  EXPECT_TRUE(key.matches(Asked("/api/x").exchange));
  EXPECT_FALSE(key.matches(Asked("/apis").exchange));
  EXPECT_FALSE(key.matches(Asked("/ap").exchange));
  const RateLimitKey root({.path_prefix = "/", .methods = {"GET"}, .headers = {}}, {});
  EXPECT_TRUE(root.matches(Asked("/x").exchange));
}

TEST(RateLimitKey, MatchesMethodsAndHeaders) {
  const RateLimitKey key({.path_prefix = {},
                          .methods = {"POST"},
                          .headers = {{"X-Plan", "free"}, {"Host", "product"}}},
                         {});
  EXPECT_TRUE(key.matches(Asked("/", {{"x-plan", "free"}}, "POST").exchange));
  EXPECT_TRUE(key.matches(Asked("/", {{"x-plan", "paid"}, {"X-PLAN", "free"}}, "POST").exchange));
  EXPECT_FALSE(key.matches(Asked("/", {{"x-plan", "free"}}).exchange));
  EXPECT_FALSE(key.matches(Asked("/", {{"x-plan", "paid"}}, "POST").exchange));
  EXPECT_FALSE(key.matches(Asked("/", {}, "POST").exchange));
}

TEST(RateLimitKey, MatchesBytesOnlyWhereNothingIsAsked) {
  Asked asked("");
  asked.exchange.request.version = Version::bytes;
  EXPECT_TRUE(RateLimitKey({}, {}).matches(asked.exchange));
  EXPECT_FALSE(RateLimitKey({.path_prefix = {}, .methods = {"GET"}, .headers = {}}, {})
                   .matches(asked.exchange));
}

TEST(RateLimitKey, IsOfEachPart) {
  Asked one("/a/b");
  one.exchange.client_address = "10.0.0.1";
  one.exchange.client_identity = "spiffe://shop/ns/shop/sa/order";
  one.exchange.marks.route = "r.shop/0";
  for (const Type type : {Type::client_address, Type::caller_identity, Type::route}) {
    const RateLimitKey key({}, {{.type = type}});
    EXPECT_FALSE(key.is_one());
    Asked other("/a/b");
    EXPECT_NE(key.of(one.exchange), key.of(other.exchange));
    other.exchange.client_address = "10.0.0.1";
    other.exchange.client_identity = "spiffe://shop/ns/shop/sa/order";
    other.exchange.marks.route = "r.shop/0";
    EXPECT_EQ(key.of(one.exchange), key.of(other.exchange));
  }
}

TEST(RateLimitKey, CountsPartsOfThePathFromOne) {
  const RateLimitKey second({}, {{.type = Type::path_segment, .segment = 2}});
  EXPECT_EQ(key_of(second, Asked("/a/b")), key_of(second, Asked("/x/b/c")));
  EXPECT_EQ(key_of(second, Asked("/a/b")), key_of(second, Asked("/a/b/")));
  EXPECT_NE(key_of(second, Asked("/a/b")), key_of(second, Asked("/a/c")));
  EXPECT_EQ(key_of(second, Asked("/a")), key_of(second, Asked("/a/"))) << "both have none";
  EXPECT_EQ(key_of(second, Asked("/a")), key_of(second, Asked("*")));
  EXPECT_NE(key_of(second, Asked("/a")), key_of(second, Asked("/a/b")));
  const RateLimitKey first({}, {{.type = Type::path_segment, .segment = 1}});
  EXPECT_EQ(key_of(first, Asked("/a/b")), key_of(first, Asked("/a")));
}

TEST(RateLimitKey, LooksAtHeadersWhateverTheCaseOfTheirNames) {
  const RateLimitKey key({}, {{.type = Type::header, .name = "X-Tenant"}});
  EXPECT_EQ(key_of(key, Asked("/", {{"x-tenant", "1"}})),
            key_of(key, Asked("/", {{"X-TENANT", "1"}})));
  const RateLimitKey host({}, {{.type = Type::header, .name = "Host"}});
  Asked other("/");
  other.exchange.request.authority = "order";
  EXPECT_NE(key_of(host, Asked("/")), std::string(host.of(other.exchange)));
}

TEST(RateLimitKey, MistakesNoKeyForAnother) {
  const RateLimitKey key(
      {}, {{.type = Type::header, .name = "a"}, {.type = Type::header, .name = "b"}});
  std::set<std::string> seen;
  const Fields all[] = {{},
                        {{"a", ""}},
                        {{"b", ""}},
                        {{"a", ""}, {"b", ""}},
                        {{"a", "xy"}},
                        {{"b", "xy"}},
                        {{"a", "x"}, {"b", "y"}},
                        {{"a", "x"}, {"a", "y"}},
                        {{"a", "y"}, {"a", "x"}},
                        {{"a", "x,y"}},
                        {{"a", "\xff\xff\xff\xff"}}};
  for (const Fields& fields : all) EXPECT_TRUE(seen.insert(key_of(key, Asked("/", fields))).second);
}

TEST(RateLimitKey, TellsVerifiedClaimsApartByTheirIssuerToo) {
  const RateLimitKey key({}, {{.type = Type::jwt_claim, .claim = "sub"}});
  const auto with = [&key](std::string_view issuer, std::vector<TokenClaim> claims) {
    Asked asked("/");
    const TokenClaims said{issuer, claims};
    asked.exchange.claims = &said;
    return std::string(key.of(asked.exchange));
  };
  const std::string ann = with("one", {{"sub", "ann"}});
  EXPECT_EQ(with("one", {{"n", "1"}, {"sub", "ann"}}), ann);
  EXPECT_NE(with("one", {{"sub", "ben"}}), ann);
  EXPECT_NE(with("two", {{"sub", "ann"}}), ann);
  const std::string missing = with("one", {{"n", "ann"}});
  EXPECT_NE(missing, with("one", {{"sub", ""}}));
  EXPECT_EQ(missing, with("one", {{"sub", "", TokenClaim::Form::list},
                                  {"sub", "ann", TokenClaim::Form::item}}));
  EXPECT_EQ(missing, key_of(key, Asked("/"))) << "without a token it is missing too";
  EXPECT_EQ(missing, key_of(key, Asked("/", {{"sub", "ann"}, {"authorization", "Bearer ann"}})));
}

}  // namespace
}  // namespace skiff
