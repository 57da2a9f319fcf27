#include "sidecar/route/tls_choice.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

Metadata named(std::string name, std::string ns = "shop") {
  Metadata metadata;
  metadata.name = std::move(name);
  metadata.ns = std::move(ns);
  return metadata;
}

MeshTLS policy(std::string name, TlsMode mode, std::vector<std::string> services = {}) {
  MeshTLS made;
  made.metadata = named(std::move(name));
  made.mode = mode;
  for (std::string& service : services) {
    ObjectRef& ref = made.target_refs.emplace_back();
    ref.kind = "Service";
    ref.name = std::move(service);
  }
  return made;
}

TEST(TlsChoice, KnowsNothingWithoutPolicies) {
  const TlsChoice choice({});
  EXPECT_EQ(choice.mode(named("product"), named("product"), 80), std::nullopt);
}

TEST(TlsChoice, HoldsForAWholeNamespaceAndNoOther) {
  const std::vector policies{policy("all", TlsMode::strict)};
  const TlsChoice choice(policies);
  EXPECT_EQ(choice.mode(named("product"), named("product"), 80), TlsMode::strict);
  EXPECT_EQ(choice.mode(named("product", "bank"), named("product", "bank"), 80), std::nullopt);
}

TEST(TlsChoice, PrefersWhatNamesTheService) {
  const std::vector policies{policy("all", TlsMode::strict),
                             policy("one", TlsMode::permissive, {"product"})};
  const TlsChoice choice(policies);
  EXPECT_EQ(choice.mode(named("product"), named("product"), 80), TlsMode::permissive);
  EXPECT_EQ(choice.mode(named("user"), named("user"), 80), TlsMode::strict);
}

TEST(TlsChoice, TakesWhatNamesTheWholeForAPart) {
  const std::vector policies{policy("one", TlsMode::strict, {"product"})};
  const TlsChoice choice(policies);
  EXPECT_EQ(choice.mode(named("product-v2"), named("product"), 80), TlsMode::strict);
}

TEST(TlsChoice, LetsAPortDiffer) {
  std::vector policies{policy("one", TlsMode::strict, {"product"})};
  policies.front().ports.push_back({9090, TlsMode::disabled, {}});
  const TlsChoice choice(policies);
  EXPECT_EQ(choice.mode(named("product"), named("product"), 80), TlsMode::strict);
  EXPECT_EQ(choice.mode(named("product"), named("product"), 9090), TlsMode::disabled);
}

TEST(TlsChoice, GivesTheFirstOfEqualsByName) {
  const std::vector policies{policy("b", TlsMode::disabled), policy("a", TlsMode::strict)};
  const TlsChoice choice(policies);
  EXPECT_EQ(choice.mode(named("product"), named("product"), 80), TlsMode::strict);
}

}  // namespace
}  // namespace skiff
