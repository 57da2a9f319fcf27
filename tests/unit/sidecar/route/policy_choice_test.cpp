#include "sidecar/route/policy_choice.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

TrafficPolicy made(std::string name, std::vector<ObjectRef> refs, std::string created = "") {
  TrafficPolicy policy;
  policy.metadata.name = std::move(name);
  policy.metadata.creation_timestamp = std::move(created);
  policy.target_refs = std::move(refs);
  return policy;
}

ObjectRef ref(std::string kind, std::string name, std::string section = "",
              std::uint16_t port = 0) {
  ObjectRef made;
  made.kind = std::move(kind);
  made.name = std::move(name);
  made.section_name = std::move(section);
  made.port = port;
  return made;
}

Metadata named(std::string name, std::string ns = "default") {
  Metadata metadata;
  metadata.name = std::move(name);
  metadata.ns = std::move(ns);
  return metadata;
}

std::string name_of(const TrafficPolicy* policy) {
  return policy == nullptr ? "none" : policy->metadata.name;
}

ServicePort port(std::string name, std::uint16_t number) {
  return {std::move(name), number, {}, {}, {}};
}

TEST(PolicyChoice, NamesTheServiceOfItsOwnNamespace) {
  const std::vector<TrafficPolicy> policies{made("p", {ref("Service", "product")})};
  const PolicyChoice choice(policies);
  EXPECT_EQ(name_of(choice.for_port(named("product"), port("", 80))), "p");
  EXPECT_EQ(name_of(choice.for_port(named("product", "other"), port("", 80))), "none");
  EXPECT_EQ(name_of(choice.for_port(named("user"), port("", 80))), "none");
  EXPECT_EQ(name_of(choice.for_rule("HTTPRoute", named("product"), "")), "none");
}

TEST(PolicyChoice, APortIsMoreSpecificThanItsService) {
  const std::vector<TrafficPolicy> policies{
      made("a-whole", {ref("Service", "product")}, "2020-01-01T00:00:00Z"),
      made("by-name", {ref("Service", "product", "grpc")}),
      made("by-number", {ref("Service", "product", "", 9090)})};
  const PolicyChoice choice(policies);
  EXPECT_EQ(name_of(choice.for_port(named("product"), port("http", 80))), "a-whole");
  EXPECT_EQ(name_of(choice.for_port(named("product"), port("grpc", 81))), "by-name");
  EXPECT_EQ(name_of(choice.for_port(named("product"), port("", 9090))), "by-number");
  EXPECT_EQ(name_of(choice.for_port(named("product"), port("grpc", 9090))), "by-name")
      << "equally specific: by name";
}

TEST(PolicyChoice, ARuleIsMoreSpecificThanItsRoute) {
  const std::vector<TrafficPolicy> policies{made("whole", {ref("HTTPRoute", "r")}),
                                            made("rule", {ref("HTTPRoute", "r", "slow")})};
  const PolicyChoice choice(policies);
  EXPECT_EQ(name_of(choice.for_rule("HTTPRoute", named("r"), "slow")), "rule");
  EXPECT_EQ(name_of(choice.for_rule("HTTPRoute", named("r"), "fast")), "whole");
  EXPECT_EQ(name_of(choice.for_rule("HTTPRoute", named("r"), "")), "whole");
}

TEST(PolicyChoice, OfEqualsTheOlderWinsThenTheName) {
  const std::vector<TrafficPolicy> policies{
      made("b", {ref("Service", "x"), ref("Service", "y")}, "2025-01-01T00:00:00Z"),
      made("c", {ref("Service", "x")}, "2024-01-01T00:00:00Z"),
      made("a", {ref("Service", "y")}, "2025-01-01T00:00:00Z")};
  const PolicyChoice choice(policies);
  EXPECT_EQ(name_of(choice.for_port(named("x"), port("", 1))), "c");
  EXPECT_EQ(name_of(choice.for_port(named("y"), port("", 1))), "a");
}

TEST(PolicyChoice, AListenerIsMoreSpecificThanItsGateway) {
  const std::vector<TrafficPolicy> policies{made("whole", {ref("Gateway", "g")}),
                                            made("one", {ref("Gateway", "g", "web")})};
  const PolicyChoice choice(policies);
  GatewayPort web;
  web.name = "web";
  GatewayPort other;
  other.name = "other";
  EXPECT_EQ(name_of(choice.for_listener(named("g"), web)), "one");
  EXPECT_EQ(name_of(choice.for_listener(named("g"), other)), "whole");
  EXPECT_EQ(name_of(choice.for_listener(named("h"), web)), "none");
}

TEST(PolicyChoice, AServiceAsAWholeIsNotItsPorts) {
  const std::vector<TrafficPolicy> policies{made("port", {ref("Service", "s", "web")}),
                                            made("whole", {ref("Service", "s")})};
  const PolicyChoice choice(policies);
  EXPECT_EQ(name_of(choice.for_service("default", "s")), "whole");
  EXPECT_EQ(name_of(choice.for_service("default", "t")), "none");
  EXPECT_EQ(name_of(choice.for_service("other", "s")), "none");
}

}  // namespace
}  // namespace skiff
