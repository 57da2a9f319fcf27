#include "config/schema/warnings.h"

#include <gtest/gtest.h>

#include "tests/support/policies.h"

namespace skiff {
namespace {

using Texts = std::vector<std::string>;

std::string ours(const std::string& kind, const std::string& name, const std::string& spec) {
  return "---\napiVersion: skiff.dev/v1\nkind: " + kind + "\nmetadata: {name: " + name +
         "}\nspec: " + spec + "\n";
}

const std::string services =
    ours("Service", "product", "{ports: [{port: 80}]}") +
    ours("Service", "db",
         "{ports: [{name: sql, port: 5432, protocol: TCP}, {name: http, port: 80}]}");

Texts warnings(const std::string& text) {
  EXPECT_EQ(test::errors_of(text), Texts{});
  Texts texts;
  for (const Violation& warning : warnings_of(test::read_policies(text).resources)) {
    EXPECT_GT(warning.position.line, 0);
    texts.push_back(warning.path + ": " + warning.what);
  }
  return texts;
}

TEST(Warnings, ThereAreNoneWhereAllIsAsItShouldBe) {
  EXPECT_EQ(warnings(services + ours("MeshTLS", "a", "{mode: strict}") +
                     ours("MeshTLS", "b", "{targetRefs: [{name: db}], mode: strict}") +
                     ours("AuthorizationPolicy", "a",
                          "{targetRefs: [{name: product}], action: DENY, rules: [{name: r, to: "
                          "[{methods: [DELETE]}]}]}")),
            Texts{});
}

TEST(Warnings, OfTwoPoliciesForOneTargetTheSecondIsNotInForce) {
  EXPECT_EQ(warnings(services + ours("MeshTLS", "b", "{targetRefs: [{name: db}], mode: strict}") +
                     ours("MeshTLS", "a", "{targetRefs: [{name: db}], mode: disabled}")),
            (Texts{"spec.targetRefs[0]: is not in force for Service \"default/db\": MeshTLS "
                   "\"default/a\" is, being older or first by name"}));
  EXPECT_EQ(warnings(services + ours("MeshTLS", "b", "{mode: strict}") +
                     ours("MeshTLS", "a", "{mode: disabled}"))
                .size(),
            1U);
  EXPECT_EQ(warnings(services + ours("TrafficPolicy", "a", "{targetRefs: [{name: db}]}") +
                     ours("TrafficPolicy", "b", "{targetRefs: [{name: db, sectionName: sql}]}")),
            Texts{})
      << "one port is more specific";
}

TEST(Warnings, NobodyOverlooksWhatGoesWrongOnPurpose) {
  EXPECT_EQ(warnings(services + ours("FaultPolicy", "a",
                                     "{targetRefs: [{name: db}], ttl: 15m, faults: "
                                     "[{percent: 1%, reset: true}]}")),
            (Texts{"spec.faults: makes requests fail on purpose, for 15m from when a sidecar first "
                   "sees it"}));
}

TEST(Warnings, ARuleOfMessagesOnAPortOfBytesIsAgainstTheCaller) {
  const auto rule = [](const std::string& action, const std::string& said) {
    return warnings(services + ours("AuthorizationPolicy", "a",
                                    "{targetRefs: [{name: db}], action: " + action +
                                        ", rules: [{name: r, " + said + "}]}"));
  };
  EXPECT_EQ(
      rule("DENY", "to: [{methods: [DELETE]}]"),
      (Texts{
          "spec.rules[0]: looks at methods, paths, headers or claims, which port 5432 of Service "
          "\"default/db\" does not show: it refuses all its connections"}));
  EXPECT_EQ(
      rule("ALLOW", "from: [{namespaces: [a]}], headers: [{name: x, present: true}]"),
      (Texts{
          "spec.rules[0]: looks at methods, paths, headers or claims, which port 5432 of Service "
          "\"default/db\" does not show: it lets none of its connections through of these "
          "callers"}));
  EXPECT_EQ(rule("DENY", "to: [{methods: [DELETE], ports: [80]}]"), Texts{}) << "another port";
  EXPECT_EQ(rule("ALLOW", "to: [{ports: [5432]}, {paths: [/a], ports: [80]}]"), Texts{});
  EXPECT_EQ(rule("ALLOW", "from: [{namespaces: [a]}]"), Texts{});
}

TEST(Warnings, APolicyOfANamespaceWithoutServicesIsForNothing) {
  EXPECT_EQ(warnings(ours("MeshTLS", "a", "{mode: strict}")),
            (Texts{"metadata.namespace: there is no Service in namespace \"default\""}));
}

TEST(Warnings, ARouteOfMessagesNeverMatchesOnAPortOfBytes) {
  const auto route = [](const std::string& port) {
    return warnings(services +
                    "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
                    "metadata: {name: a}\nspec: {parentRefs: [{kind: Service, name: db" +
                    port + "}], rules: [{}]}\n");
  };
  EXPECT_EQ(route(", port: 5432").size(), 1U);
  EXPECT_EQ(route(", port: 80"), Texts{});
  EXPECT_EQ(route(""), Texts{});
}

// A JWTPolicy `j` for the Service `product`.
std::string tokens(const std::string& required) {
  const std::string keys = R"({\"keys\": [{\"kty\": \"EC\", \"crv\": \"P-256\", )"
                           R"(\"x\": \"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\", )"
                           R"(\"y\": \"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]})";
  return ours("JWTPolicy", "j",
              "{targetRefs: [{name: product}], required: " + required +
                  ", providers: [{issuer: a, audiences: [b], algorithms: [ES256], jwks: \"" + keys +
                  "\"}]}");
}

TEST(Warnings, AHealthCheckByHttpHasNoToken) {
  const auto both = [](const std::string& check, const std::string& required) {
    return warnings(services +
                    ours("TrafficPolicy", "t",
                         "{targetRefs: [{name: product}], healthCheck: {type: " + check + "}}") +
                    tokens(required));
  };
  EXPECT_EQ(both("HTTP", "true"),
            (Texts{"spec.healthCheck: has no token, which JWTPolicy \"default/j\" requires of "
                   "Service \"product\": all its endpoints look unhealthy; check by TCP"}));
  EXPECT_EQ(both("TCP", "true"), Texts{});
  EXPECT_EQ(both("HTTP", "false"), Texts{});
}

TEST(Warnings, ADenyByClaimIsForWhoHasNoTokenToo) {
  const auto both = [](const std::string& action, const std::string& required) {
    return warnings(
        services +
        ours("AuthorizationPolicy", "a",
             "{targetRefs: [{name: product}], action: " + action +
                 ", rules: [{name: w}, {name: x, claims: [{name: sub, exact: eve}]}]}") +
        tokens(required));
  };
  EXPECT_EQ(both("DENY", "false"),
            (Texts{"spec.rules[1].claims: refuses who has no token, too, and JWTPolicy "
                   "\"default/j\" requires none of who asks Service \"product\""}));
  EXPECT_EQ(both("DENY", "true"), Texts{});
  EXPECT_EQ(both("ALLOW", "false"), Texts{});
}

// E21.
TEST(Warnings, AnAllowThatSaysWhatADenySaysLetsNothingThrough) {
  const auto both = [](const std::string& deny, const std::string& allow) {
    return warnings(services + ours("AuthorizationPolicy", "d", "{action: DENY, " + deny + "}") +
                    ours("AuthorizationPolicy", "a", "{action: ALLOW, " + allow + "}"));
  };
  const std::string rule = "from: [{namespaces: [a]}]}]";
  EXPECT_EQ(both("rules: [{name: x, " + rule, "rules: [{name: z, " + rule),
            (Texts{"spec.rules[0]: lets nothing through, as DENY \"default/d\" says the same"}));
  EXPECT_EQ(both("mode: shadow, rules: [{name: x, " + rule, "rules: [{name: z, " + rule), Texts{});
  EXPECT_EQ(
      both("targetRefs: [{name: db}], rules: [{name: x, " + rule, "rules: [{name: z, " + rule),
      Texts{})
      << "for another target";
}

}  // namespace
}  // namespace skiff
