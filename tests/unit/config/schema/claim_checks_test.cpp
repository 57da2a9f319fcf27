#include "config/schema/claim_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/made_jwt.h"
#include "tests/support/policies.h"

namespace skiff {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* limit_begin =
    "apiVersion: skiff.dev/v1\nkind: RateLimitPolicy\nmetadata: {name: l}\nspec:\n"
    "  limits: [{name: l, rate: 1/s, burst: 1, key: [{type: Route}, {type: JWTClaim, claim: "
    "sub}]}]\n  targetRefs: [";

// One for these targets, behind another document; empty: none.
std::string jwt_policy(const std::string& verified) {
  if (verified.empty()) return "";
  return "---\napiVersion: skiff.dev/v1\nkind: JWTPolicy\nmetadata: {name: j}\nspec:\n"
         "  targetRefs: [" +
         verified + "]\n  providers: [{issuer: i, jwks: '" +
         test::jwk_set({test::p256_signer().jwk("a")}) + "'}]\n";
}

// A limit by claim of these targets, and JWTPolicies of those; a route with two rules at a Gateway
// with two listeners, and one at a Service.
std::string with(const std::string& limited, const std::string& verified) {
  std::string text = limit_begin + limited + "]\n" + jwt_policy(verified);
  return text + R"(---
{apiVersion: skiff.dev/v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 80}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g}
spec:
  listeners: [{name: web, port: 80, protocol: HTTP}, {name: other, port: 81, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: outer}
spec:
  parentRefs: [{name: g, sectionName: web}]
  rules: [{name: one, backendRefs: [{name: s}]}, {name: two, backendRefs: [{name: s}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: inner}
spec:
  parentRefs: [{kind: Service, name: s}]
  rules: [{backendRefs: [{name: s}]}]
)";
}

TEST(ClaimChecks, RefuseAClaimThatNobodyVerifies) {
  const std::string gateway = "{kind: Gateway, name: g}";
  EXPECT_THAT(test::errors_of(with(gateway, "")),
              ElementsAre(HasSubstr("5:64: spec.limits[0].key[1].type: is JWTClaim, and no "
                                    "JWTPolicy verifies tokens for Gateway \"g\"")));
  EXPECT_THAT(test::errors_of(with(gateway, gateway)), IsEmpty());
}

TEST(ClaimChecks, WantEachTargetVerified) {
  const std::string gateway = "{kind: Gateway, name: g}";
  const std::string route = "{kind: HTTPRoute, name: inner}";
  EXPECT_THAT(test::errors_of(with(gateway + ", " + route, gateway)),
              ElementsAre(HasSubstr(R"(for HTTPRoute "inner")")));
  EXPECT_THAT(test::errors_of(with(gateway + ", " + route, route + ", " + gateway)), IsEmpty());
}

TEST(ClaimChecks, KnowThatAWholeHasParts) {
  const std::string rule = "{kind: HTTPRoute, name: outer, sectionName: one}";
  const std::string whole = "{kind: HTTPRoute, name: outer}";
  EXPECT_THAT(test::errors_of(with(rule, whole)), IsEmpty());
  EXPECT_THAT(test::errors_of(with(rule, rule)), IsEmpty());
  EXPECT_EQ(test::errors_of(with(whole, rule)).size(), 1U) << "the other rule is not verified";
}

TEST(ClaimChecks, KnowThatARouteComesThroughItsGateway) {
  const std::string route = "{kind: HTTPRoute, name: outer}";
  EXPECT_THAT(test::errors_of(with(route, "{kind: Gateway, name: g}")), IsEmpty());
  EXPECT_THAT(test::errors_of(with(route, "{kind: Gateway, name: g, sectionName: web}")),
              IsEmpty());
  EXPECT_EQ(test::errors_of(with(route, "{kind: Gateway, name: g, sectionName: other}")).size(),
            1U);
  EXPECT_EQ(test::errors_of(with("{kind: HTTPRoute, name: inner}", "{name: s}")).size(), 1U)
      << "the caller's sidecar asks the route's limits, the service's own verifies";
}

// An AuthorizationPolicy by claim, and a JWTPolicy for these services; there are two.
std::string rule_by_claim(const std::string& asked, const std::string& verified) {
  std::string text =
      "apiVersion: skiff.dev/v1\nkind: AuthorizationPolicy\nmetadata: {name: a}\nspec:\n"
      "  action: ALLOW\n" +
      asked +
      "  rules: [{name: any}, {name: r, claims: [{name: iss, present: true}, {name: sub, exact: "
      "ann}]}]\n";
  text += jwt_policy(verified);
  for (const char* name : {"s, namespace: default", "t, namespace: default", "u, namespace: far"})
    text += std::string("---\n{apiVersion: skiff.dev/v1, kind: Service, metadata: {name: ") + name +
            "}, spec: {ports: [{port: 80}]}}\n";
  return text;
}

TEST(ClaimChecks, RefuseARuleByAClaimThatNobodyVerifies) {
  const std::string one = "  targetRefs: [{name: s}]\n";
  EXPECT_THAT(
      test::errors_of(rule_by_claim(one, "")),
      ElementsAre(HasSubstr("7:43: spec.rules[1].claims[0]: is a claim, and no JWTPolicy verifies "
                            "tokens for Service \"s\"; expected a JWTPolicy for the same services"),
                  HasSubstr("7:71: spec.rules[1].claims[1]: is a claim")));
  EXPECT_THAT(test::errors_of(rule_by_claim(one, "{name: s}")), IsEmpty());
  EXPECT_EQ(test::errors_of(rule_by_claim(one, "{name: t}")).size(), 2U);
}

TEST(ClaimChecks, WantAllServicesOfANamespaceVerifiedForARuleThatIsForAll) {
  EXPECT_THAT(test::errors_of(rule_by_claim("", "{name: s}")),
              ElementsAre(HasSubstr("Service \"t\""), HasSubstr("Service \"t\"")));
  EXPECT_THAT(test::errors_of(rule_by_claim("", "{name: s}, {name: t}")), IsEmpty())
      << "the third is in another namespace";
}

}  // namespace
}  // namespace skiff
