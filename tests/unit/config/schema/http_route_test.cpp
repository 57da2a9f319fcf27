#include "config/schema/http_route.h"

#include <gtest/gtest.h>

#include "tests/support/policies.h"

namespace skiff {
namespace {

TEST(HTTPRoute, IsReadFromItsExample) {
  const Documents documents =
      test::read_policies(test::repository_file("config/examples/http_route.yaml"));
  ASSERT_EQ(documents.resources.http_routes.size(), 2U);
  const HTTPRoute& products = documents.resources.http_routes[0];
  EXPECT_EQ(products.parent_refs.at(0).kind, "Gateway");
  EXPECT_EQ(products.parent_refs.at(0).section_name, "http");
  EXPECT_EQ(products.hostnames.size(), 2U);
  EXPECT_EQ(products.rules.at(0).timeouts.request, std::chrono::seconds(3));
  EXPECT_EQ(products.rules.at(0).backend_refs.at(0).ref.port, 80);
  EXPECT_EQ(products.rules.at(1).timeouts.request, std::nullopt);

  const HTTPRoute& canary = documents.resources.http_routes[1];
  EXPECT_EQ(canary.parent_refs.at(0).kind, "Service");
  EXPECT_EQ(canary.rules.at(1).split_key.type, SplitKey::Type::header);
  EXPECT_EQ(canary.rules.at(1).split_key.name, "x-user-id");
  EXPECT_EQ(canary.rules.at(1).backend_refs.at(0).weight, 90U);
  EXPECT_EQ(canary.rules.at(1).backend_refs.at(1).filters.size(), 1U);
  EXPECT_GT(canary.rules.at(1).backend_refs.at(1).ref.position.line, 0);
}

std::size_t errors_of_rule(const std::string& rule) {
  const std::string service =
      "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: "
      "80}]}\n---\n";
  return test::errors_of(service +
                         "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: "
                         "{name: r}\nspec:\n"
                         "  parentRefs: [{kind: Service, name: a}]\n  rules:\n    - " +
                         rule + "\n")
      .size();
}

TEST(HTTPRoute, TakesWeightsOfWhichOneIsAboveZero) {
  EXPECT_EQ(errors_of_rule("backendRefs: [{name: a, weight: 0}, {name: a, weight: 1}]"), 0U);
  EXPECT_EQ(errors_of_rule("backendRefs: [{name: a, weight: 0}]"), 1U);
  EXPECT_EQ(errors_of_rule("{}"), 0U) << "Gateway API answers 500 then";
}

TEST(HTTPRoute, ReplacesAPrefixOnlyWhereAPrefixMatched) {
  const std::string rewrite =
      ", filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, "
      "replacePrefixMatch: /b}}}]}";
  EXPECT_EQ(errors_of_rule("{matches: [{path: {value: /a}}]" + rewrite), 0U);
  EXPECT_EQ(errors_of_rule("{matches: []" + rewrite), 0U) << "everything has the prefix /";
  EXPECT_EQ(errors_of_rule("{matches: [{path: {type: Exact, value: /a}}]" + rewrite), 1U);
}

TEST(HTTPRoute, TakesMirrorsOfARuleWhereSomethingIsSentOn) {
  const std::string mirror = "{type: RequestMirror, requestMirror: {backendRef: {name: a}}}";
  const std::string header = "{type: RequestHeaderModifier, requestHeaderModifier: {remove: [x]}}";
  const std::string redirect =
      "{type: RequestRedirect, requestRedirect: {hostname: b.example.com}}";
  const std::string to_a = ", backendRefs: [{name: a}]}";
  EXPECT_EQ(errors_of_rule("{filters: [" + mirror + ", " + mirror + "]" + to_a), 0U);
  EXPECT_EQ(errors_of_rule("{filters: [" + header + ", " + header + "]" + to_a), 1U);
  EXPECT_EQ(errors_of_rule("{filters: [" + mirror + ", " + redirect + "]}"), 1U);
  EXPECT_EQ(errors_of_rule("{backendRefs: [{name: a, filters: [" + mirror + "]}]}"), 1U);
}

TEST(HTTPRoute, TakesNoTryLongerThanTheWhole) {
  EXPECT_EQ(errors_of_rule("timeouts: {request: 2s, backendRequest: 2s}"), 0U);
  EXPECT_EQ(errors_of_rule("timeouts: {request: 0s, backendRequest: 2s}"), 0U) << "0s: no limit";
  EXPECT_EQ(errors_of_rule("timeouts: {request: 1s, backendRequest: 2s}"), 1U);
}

}  // namespace
}  // namespace skiff
