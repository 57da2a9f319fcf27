#include "sidecar/route/endpoint_index.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

TargetSpec target(std::string name, const std::vector<std::string>& addresses) {
  std::vector<EndpointSpec> endpoints;
  for (const std::string& address : addresses) endpoints.push_back({address, 1, {}});
  TargetSpec spec;
  spec.name = std::move(name);
  spec.endpoints = std::move(endpoints);
  return spec;
}

TEST(EndpointIndex, FindsTheTargetOfAnEndpointsAddressAndPort) {
  const std::vector<TargetSpec> targets = {
      target("user.shop", {"10.0.0.1:80", "10.0.0.2:80"}),
      target("order.shop", {"[fd00::1]:80", "10.0.0.1:81"}),
  };
  const EndpointIndex index(targets);
  EXPECT_EQ(index.find("10.0.0.2:80"), &targets[0]);
  EXPECT_EQ(index.find("10.0.0.1:81"), &targets[1]);
  EXPECT_EQ(index.find("[fd00::1]:80"), &targets[1]);
}

TEST(EndpointIndex, KnowsNothingElse) {
  const std::vector<TargetSpec> targets = {target("user.shop", {"10.0.0.1:80"})};
  const EndpointIndex index(targets);
  EXPECT_EQ(index.find("10.0.0.1:8080"), nullptr);
  EXPECT_EQ(index.find("10.0.0.1"), nullptr);
  EXPECT_EQ(index.find(""), nullptr);
  const std::vector<TargetSpec> none;
  EXPECT_EQ(EndpointIndex(none).find("10.0.0.1:80"), nullptr);
}

TEST(EndpointIndex, PrefersAServiceToItsSubsetsAndThenTheFirst) {
  const std::vector<TargetSpec> targets = {
      target("order-v2.shop", {"10.0.0.2:80"}),
      target("order.shop", {"10.0.0.1:80", "10.0.0.2:80"}),
      target("alias.shop", {"10.0.0.1:80", "10.0.0.2:80"}),
  };
  EXPECT_EQ(EndpointIndex(targets).find("10.0.0.2:80"), &targets[1]);
}

TEST(EndpointIndex, FindsEachOfMany) {
  std::vector<std::string> addresses;
  for (int i = 0; i < 20'000; ++i) {
    addresses.push_back("10." + std::to_string(i / 250) + ".0." + std::to_string(i % 250) + ":80");
  }
  const std::vector<TargetSpec> targets = {target("few.shop", {"192.0.2.1:80"}),
                                           target("many.shop", addresses)};
  const EndpointIndex index(targets);
  for (const std::string& address : addresses) {
    ASSERT_EQ(index.find(address), &targets[1]) << address;
  }
  EXPECT_EQ(index.find("192.0.2.1:80"), &targets[0]);
}

}  // namespace
}  // namespace skiff
