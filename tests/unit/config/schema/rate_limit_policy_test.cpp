#include "config/schema/rate_limit_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/policies.h"

namespace skiff {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Scope = RateLimitConfig::Scope;

// A policy at Service `a`, or what `target` says, with one limit of these lines.
std::string policy(const std::string& limit, const std::string& target = "{name: a}") {
  return "apiVersion: skiff.dev/v1\nkind: RateLimitPolicy\nmetadata: {name: p}\n"
         "spec:\n  targetRefs: [" +
         target + "]\n  limits:\n    - {name: l, rate: 10/s, burst: 20" + limit +
         "}\n---\napiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: a}\n"
         "spec: {ports: [{port: 80}]}\n---\napiVersion: gateway.networking.k8s.io/v1\n"
         "kind: Gateway\nmetadata: {name: g}\nspec:\n"
         "  listeners: [{name: web, port: 8080, protocol: HTTP}]\n";
}

TEST(RateLimitPolicy, IsReadFromItsExample) {
  const auto policies =
      test::read_policies(test::repository_file("config/examples/rate_limit.yaml"))
          .resources.rate_limit_policies;
  ASSERT_EQ(policies.size(), 2U);
  ASSERT_EQ(policies[0].limits.size(), 2U);
  const RateLimitConfig& per_caller = policies[0].limits[0];
  EXPECT_EQ(per_caller.rate, (Rate{10, Rate::Per::second}));
  EXPECT_EQ(per_caller.burst, 20U);
  EXPECT_EQ(per_caller.key[0].type, RateLimitKeyConfig::Type::caller_identity);
  EXPECT_EQ(per_caller.response.body, R"({"error": "ask less often"})");
  EXPECT_EQ(per_caller.max_keys, 10'000U);
  EXPECT_EQ(policies[0].limits[1].match.path_prefix, "/bookings");
  ASSERT_EQ(policies[1].limits.size(), 2U);
  EXPECT_EQ(policies[1].limits[0].scope, Scope::redis);
  EXPECT_EQ(policies[1].limits[0].redis->timeout, Milliseconds(20));
  EXPECT_EQ(policies[1].limits[0].redis->on_error, RateLimitRedisConfig::OnError::allow);
  const RateLimitConfig& per_branch = policies[1].limits[1];
  EXPECT_EQ(per_branch.mode, RateLimitConfig::Mode::shadow);
  EXPECT_EQ(per_branch.scope, Scope::mesh);
  EXPECT_EQ(per_branch.key[0].name, "x-branch");
  EXPECT_EQ(per_branch.key[1].segment, 2U);
}

TEST(RateLimitPolicy, NeedsRedisForItsScopeAndNoOther) {
  EXPECT_THAT(test::errors_of(policy(", scope: REDIS")),
              ElementsAre(HasSubstr("redis: is missing, as scope is REDIS")));
  EXPECT_THAT(test::errors_of(policy(", redis: {address: \"127.0.0.1:6379\"}")),
              ElementsAre(HasSubstr("redis: is not used, as scope is not REDIS")));
  EXPECT_THAT(test::errors_of(policy(", scope: REDIS, redis: {address: \"redis:6379\"}")),
              ElementsAre(HasSubstr("is a name, which is not looked up")));
  for (const char* address : {"127.0.0.1:6379", "[::1]:6379", "unix:/run/redis.sock"}) {
    EXPECT_THAT(test::errors_of(
                    policy(", scope: REDIS, redis: {address: \"" + std::string(address) + "\"}")),
                ElementsAre())
        << address;
  }
}

TEST(RateLimitPolicy, KnowsNoRouteWhereRequestsArrive) {
  EXPECT_THAT(test::errors_of(policy(", key: [{type: Route}]")),
              ElementsAre(HasSubstr("limits[0].key[0]: is Route, which is not known")));
  EXPECT_THAT(test::errors_of(policy(", key: [{type: Route}]", "{kind: Gateway, name: g}")),
              ElementsAre());
}

TEST(RateLimitPolicy, NamesWhatIsThere) {
  EXPECT_THAT(test::errors_of(policy("", "{kind: Gateway, name: g, sectionName: web}")),
              ElementsAre());
  EXPECT_THAT(test::errors_of(policy("", "{kind: Gateway, name: g, sectionName: wep}")),
              ElementsAre(HasSubstr("is no listener of the Gateway")));
  EXPECT_THAT(test::errors_of(policy("", "{kind: Gateway, name: h}")),
              ElementsAre(HasSubstr("there is no Gateway")));
  EXPECT_THAT(test::errors_of(policy("", "{name: b}")),
              ElementsAre(HasSubstr("there is no Service")));
  EXPECT_THAT(test::errors_of(policy("", "{name: a, sectionName: x}")),
              ElementsAre(HasSubstr("sectionName: does not belong to kind Service")));
}

TEST(RateLimitPolicy, RefusesTwoLimitsOfOneName) {
  EXPECT_THAT(test::errors_of(policy("}\n    - {name: l, rate: 1/s, burst: 1")),
              ElementsAre(HasSubstr("limits[1].name: is the name of another limit too")));
}

}  // namespace
}  // namespace skiff
