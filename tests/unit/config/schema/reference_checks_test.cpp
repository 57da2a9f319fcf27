#include "config/schema/reference_checks.h"

#include <gtest/gtest.h>

#include "tests/support/policies.h"

namespace skiff {
namespace {

// What is wrong is in tests/conformance/policies/together_*; here is what is right.
constexpr const char* service =
    "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: product, namespace: shop}\n"
    "spec:\n  ports: [{name: http, port: 80}]\n---\n";
constexpr const char* gateway =
    "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: shop, namespace: "
    "shop}\n"
    "spec:\n  listeners:\n    - {name: http, port: 80, protocol: HTTP, hostname: "
    "\"*.example.com\"}\n---\n";

std::string route(const std::string& ns, const std::string& spec) {
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, "
         "namespace: " +
         ns + "}\nspec:\n" + spec;
}

using Errors = std::vector<std::string>;

TEST(ReferenceChecks, LetAConsumerRouteOfAnotherNamespaceThrough) {
  EXPECT_EQ(
      test::errors_of(service +
                      route("web",
                            "  parentRefs: [{kind: Service, name: product, namespace: shop}]\n"
                            "  rules:\n"
                            "    - backendRefs: [{name: product, namespace: shop, port: 80}]\n")),
      Errors{});
}

TEST(ReferenceChecks, LetNoGatewayReachIntoAnotherNamespace) {
  const std::string other =
      std::string(service).replace(std::string(service).find("shop"), 4, "data");
  EXPECT_EQ(test::errors_of(std::string(gateway) + other +
                            route("shop",
                                  "  parentRefs: [{name: shop}]\n"
                                  "  rules: [{backendRefs: [{name: product, namespace: data}]}]\n"))
                .size(),
            1U);
}

TEST(ReferenceChecks, AMirrorIsAServiceThatIsThere) {
  const auto errors = [](const std::string& ref) {
    return test::errors_of(service + route("shop",
                                           "  parentRefs: [{kind: Service, name: product}]\n"
                                           "  rules:\n"
                                           "    - backendRefs: [{name: product, port: 80}]\n"
                                           "      filters: [{type: RequestMirror, requestMirror: "
                                           "{backendRef: " +
                                               ref + "}}]\n"));
  };
  EXPECT_EQ(errors("{name: product, port: 80}"), Errors{});
  ASSERT_EQ(errors("{name: produkt, port: 80}").size(), 1U);
  EXPECT_NE(errors("{name: produkt, port: 80}")[0].find(
                "spec.rules[0].filters[0].requestMirror.backendRef"),
            std::string::npos);
  EXPECT_EQ(errors("{name: product, port: 81}").size(), 1U);
}

TEST(ReferenceChecks, TakeAHostnameThatAListenerTakes) {
  const auto errors = [](const std::string& host) {
    return test::errors_of(gateway +
                           route("shop", "  parentRefs: [{name: shop}]\n  hostnames: [\"" + host +
                                             "\"]\n  rules: [{}]\n"));
  };
  EXPECT_EQ(errors("shop.example.com"), Errors{});
  EXPECT_EQ(errors("*.example.com"), Errors{});
  EXPECT_EQ(errors("*.a.example.com"), Errors{});
  EXPECT_EQ(errors("example.com").size(), 1U);
  EXPECT_EQ(errors("*.org").size(), 1U);
}

TEST(ReferenceChecks, FindWhatASidecarNames) {
  const std::string head = std::string(service) + gateway +
                           "apiVersion: skiff.dev/v1\nkind: Sidecar\nmetadata: {name: s}\nspec:\n  "
                           "service: x\n  namespace: shop\n";
  EXPECT_EQ(test::errors_of(head + "  outbound:\n    - {port: 1, service: product}\n"
                                   "    - {port: 2, service: product.shop, servicePort: 80}\n"
                                   "  gateway: [{gateway: shop, port: 3}]\n"),
            Errors{});
  EXPECT_EQ(test::errors_of(head + "  outbound: [{port: 1, service: product.web}]\n").size(), 1U);
  EXPECT_EQ(
      test::errors_of(head + "  outbound: [{port: 1, service: product, servicePort: 81}]\n").size(),
      1U);
  EXPECT_EQ(test::errors_of(head + "  gateway: [{gateway: shop, sectionName: https}]\n").size(),
            1U);
}

}  // namespace
}  // namespace skiff
