#include "sidecar/route/limit_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skiff {
namespace {

using ::testing::ElementsAre;
using Scope = RateLimitConfig::Scope;

RateLimitPolicy policy(const std::string& name, std::vector<ObjectRef> refs,
                       std::vector<std::string> limits) {
  RateLimitPolicy made;
  made.metadata.name = name;
  made.metadata.ns = "shop";
  made.target_refs = std::move(refs);
  for (std::string& limit : limits) made.limits.emplace_back().name = std::move(limit);
  return made;
}

ObjectRef ref(const std::string& kind, const std::string& name, const std::string& section = {}) {
  ObjectRef made;
  made.kind = kind;
  made.name = name;
  made.section_name = section;
  return made;
}

Metadata named(const std::string& name, const std::string& ns = "shop") {
  Metadata made;
  made.name = name;
  made.ns = ns;
  return made;
}

std::vector<std::string> names(const RoutePlan& plan, const LimitList::Chosen& chosen) {
  std::vector<std::string> all;
  for (const std::uint32_t index : chosen) all.push_back(plan.limits[index].name());
  return all;
}

TEST(LimitList, ChoosesAllThatNameTheThingOrItsWhole) {
  const std::vector<RateLimitPolicy> policies = {
      policy("b", {ref("HTTPRoute", "r", "api")}, {"one", "two"}),
      policy("a", {ref("HTTPRoute", "r"), ref("Service", "s")}, {"all"}),
      policy("c", {ref("GRPCRoute", "r")}, {"grpc"})};
  RoutePlan plan;
  LimitList list(policies, plan);
  EXPECT_THAT(names(plan, list.for_rule("HTTPRoute", named("r"), "api")),
              ElementsAre("shop/a/all", "shop/b/one", "shop/b/two"));
  EXPECT_THAT(names(plan, list.for_rule("HTTPRoute", named("r"), "rest")),
              ElementsAre("shop/a/all"));
  EXPECT_THAT(names(plan, list.for_rule("HTTPRoute", named("r"), "")), ElementsAre("shop/a/all"));
  EXPECT_THAT(names(plan, list.for_service("shop", "s")), ElementsAre("shop/a/all"));
  EXPECT_THAT(names(plan, list.for_rule("HTTPRoute", named("r", "other"), "api")), ElementsAre());
  EXPECT_THAT(names(plan, list.for_listener(named("r"), "web")), ElementsAre());
}

TEST(LimitList, PutsALimitIntoThePlanOnceAndOnlyWhereItHolds) {
  const std::vector<RateLimitPolicy> policies = {
      policy("a", {ref("Gateway", "g", "web"), ref("Gateway", "g"), ref("Gateway", "g", "web")},
             {"x"}),
      policy("b", {ref("Gateway", "h")}, {"y"})};
  RoutePlan plan;
  LimitList list(policies, plan);
  EXPECT_THAT(list.for_listener(named("g"), "web"), ElementsAre(0));
  EXPECT_THAT(list.for_listener(named("g"), "other"), ElementsAre(0));
  EXPECT_EQ(plan.limits.size(), 1U);
}

TEST(LimitList, AsksARedisLast) {
  std::vector<RateLimitPolicy> policies = {policy("a", {ref("Service", "s")}, {"x", "y", "z"})};
  policies[0].limits[0].scope = Scope::redis;
  policies[0].limits[1].scope = Scope::mesh;
  RoutePlan plan;
  LimitList list(policies, plan);
  EXPECT_THAT(names(plan, list.for_service("shop", "s")),
              ElementsAre("shop/a/y", "shop/a/z", "shop/a/x"));
}

TEST(LimitList, OfThePlanHaveTheEndpointsOfTheOwnServiceForPeers) {
  Resources resources;
  Service& service = resources.services.emplace_back();
  service.metadata = named("s");
  service.ports.emplace_back().port = 80;
  for (const std::uint16_t port : {5'001, 5'002, 5'003}) {
    StaticEndpoint& endpoint = service.endpoints.emplace_back();
    endpoint.address = "127.0.0.1";
    endpoint.port = port;
  }
  resources.rate_limit_policies = {policy("a", {ref("Service", "s")}, {"x"})};
  EXPECT_EQ(make_route_plan(resources, "shop", "s")->limits.at(0).peers, 3U);
  EXPECT_THAT(make_route_plan(resources, "shop", "s")->inbound.limits, ElementsAre(0));
  EXPECT_TRUE(make_route_plan(resources, "shop", "other")->limits.empty());
  resources.services[0].endpoints.clear();
  EXPECT_EQ(make_route_plan(resources, "shop", "s")->limits.at(0).peers, 1U);
}

}  // namespace
}  // namespace skiff
