#include "sidecar/route/target_list.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

Service made(std::string name, std::vector<ServicePort> ports,
             std::vector<StaticEndpoint> endpoints) {
  Service service;
  service.metadata.name = std::move(name);
  service.metadata.ns = "shop";
  service.ports = std::move(ports);
  service.endpoints = std::move(endpoints);
  return service;
}

StaticEndpoint endpoint(std::string address, std::string port_name = "", std::string version = "") {
  StaticEndpoint made;
  made.address = std::move(address);
  made.port = 5000;
  made.port_name = std::move(port_name);
  if (!version.empty()) made.labels["version"] = version;
  return made;
}

ServicePort port(std::string name, std::uint16_t number, std::optional<Protocol> protocol = {}) {
  return {std::move(name), number, protocol, {}, {}};
}

std::vector<std::string> addresses(const TargetSpec& target) {
  std::vector<std::string> all;
  for (const KnownEndpoint& endpoint : target.endpoints) all.emplace_back(endpoint.address);
  return all;
}

using Addresses = std::vector<std::string>;

TEST(TargetList, EachPortIsATargetWithTheEndpointsThatServeIt) {
  const std::vector<Service> services{
      made("product", {port("http", 80), port("grpc", 9090, Protocol::grpc)},
           {endpoint("10.0.0.1"), endpoint("10.0.0.2", "grpc"), endpoint("10.0.0.3", "http")})};
  const PolicyChoice policies({});
  const TlsChoice tls({});
  TargetList targets(services, policies, tls);
  const TargetSpec& http = targets[targets.target("product", "shop", 0)];
  const TargetSpec& grpc = targets[targets.target("product", "shop", 9090)];
  EXPECT_EQ(http.name, "product.shop");
  EXPECT_EQ(http.authority, "product");
  EXPECT_EQ(addresses(http), (Addresses{"10.0.0.1:5000", "10.0.0.3:5000"}));
  EXPECT_EQ(grpc.name, "product.shop:9090");
  EXPECT_EQ(grpc.protocol, Protocol::grpc);
  EXPECT_EQ(addresses(grpc), (Addresses{"10.0.0.2:5000"}));
}

TEST(TargetList, AnIpv6AddressGetsBrackets) {
  const std::vector<Service> services{
      made("a", {port("", 80)}, {endpoint("::1"), endpoint("[::2]")})};
  const PolicyChoice policies({});
  const TlsChoice tls({});
  TargetList targets(services, policies, tls);
  EXPECT_EQ(addresses(targets[0]), (Addresses{"[::1]:5000", "[::2]:5000"}));
}

TEST(TargetList, ASubsetHasTheEndpointsThatCarryItsLabels) {
  std::vector<Service> services{
      made("v2", {}, {}), made("product", {port("http", 80), port("grpc", 90)},
                               {endpoint("10.0.0.1", "", "v1"), endpoint("10.0.0.2", "", "v2"),
                                endpoint("10.0.0.3", "grpc", "v2"), endpoint("10.0.0.4")})};
  services[0].of = "product";
  services[0].subset = {{"version", "v2"}};
  const PolicyChoice policies({});
  const TlsChoice tls({});
  TargetList targets(services, policies, tls);
  EXPECT_EQ(addresses(targets[targets.target("v2", "shop", 80)]), (Addresses{"10.0.0.2:5000"}));
  EXPECT_EQ(addresses(targets[targets.target("v2", "shop", 90)]), (Addresses{"10.0.0.3:5000"}));

  services[0].ports = {port("", 80)};
  TargetList with_own_port(services, policies, tls);
  const auto index = with_own_port.target("v2", "shop", 0);
  EXPECT_EQ(addresses(with_own_port[index]), (Addresses{"10.0.0.2:5000"})) << "by its number";
}

TEST(TargetList, ASubsetsPolicyIsItsOwnElseThatOfTheWhole) {
  std::vector<Service> services{made("product", {port("", 80)}, {}), made("v1", {}, {}),
                                made("v2", {}, {})};
  services[1].of = services[2].of = "product";
  std::vector<TrafficPolicy> rows(2);
  for (std::size_t i = 0; i < 2; ++i) {
    rows[i].metadata.ns = "shop";
    ObjectRef& ref = rows[i].target_refs.emplace_back();
    ref.kind = "Service";
    ref.name = i == 0 ? "product" : "v2";
    rows[i].timeouts.connect = Milliseconds(i + 1);
  }
  const PolicyChoice policies(rows);
  const TlsChoice tls({});
  TargetList targets(services, policies, tls);
  const auto connect = [&](const char* name) {
    return targets[targets.target(name, "shop", 0)].policy.timeouts.connect;
  };
  EXPECT_EQ(connect("product"), Milliseconds(1));
  EXPECT_EQ(connect("v1"), Milliseconds(1));
  EXPECT_EQ(connect("v2"), Milliseconds(2));
}

TEST(TargetList, WhatDoesNotExistIsATargetWithoutEndpoints) {
  const std::vector<Service> services{made("product", {port("", 80)}, {endpoint("10.0.0.1")})};
  const PolicyChoice policies({});
  const TlsChoice tls({});
  TargetList targets(services, policies, tls);
  const auto missing = targets.target("product", "shop", 81);
  EXPECT_EQ(targets.target("product", "shop", 81), missing) << "made once";
  EXPECT_EQ(targets[missing].name, "product.shop:81");
  EXPECT_TRUE(targets[missing].endpoints.empty());
  EXPECT_EQ(targets.find("product", "elsewhere"), nullptr);
  EXPECT_EQ(targets.find("product", "shop")->size(), 1u);
}

TEST(TargetList, TheLimitOfCallersHoldsWhereTheyArrive) {
  const std::vector<Service> services{made("product", {port("", 80)}, {endpoint("10.0.0.1")})};
  TrafficPolicy policy;
  policy.metadata.ns = "shop";
  policy.target_refs.emplace_back();
  policy.target_refs[0].kind = "Service";
  policy.target_refs[0].name = "product";
  policy.bulkhead.target.emplace();
  policy.bulkhead.caller.emplace();
  const std::vector<TrafficPolicy> rows{policy};
  const PolicyChoice policies(rows);
  const TlsChoice tls({});
  TargetList targets(services, policies, tls);
  const TrafficPolicy& outbound = targets[targets.target("product", "shop", 0)].policy;
  EXPECT_TRUE(outbound.bulkhead.target);
  EXPECT_FALSE(outbound.bulkhead.caller);
  const std::vector<InboundPort> inbound = targets.inbound_ports("product", "shop");
  ASSERT_EQ(inbound.size(), 1u);
  EXPECT_TRUE(inbound[0].policy.bulkhead.caller);
}

}  // namespace
}  // namespace skiff
