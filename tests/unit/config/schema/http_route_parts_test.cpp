#include <gtest/gtest.h>

#include "config/schema/http_route.h"
#include "tests/support/policies.h"

namespace skiff {
namespace {

TEST(HTTPRouteParts, AreReadFromTheExample) {
  const Documents documents =
      test::read_policies(test::repository_file("config/examples/http_route.yaml"));
  const HTTPRouteRule& api = documents.resources.http_routes.at(0).rules.at(0);
  EXPECT_EQ(api.matches.at(0).path.type, PathMatch::Type::path_prefix);
  EXPECT_EQ(api.matches.at(0).path.value, "/api/products");
  EXPECT_EQ(api.filters.at(0).url_rewrite.path->value, "/products");
  EXPECT_EQ(api.filters.at(0).url_rewrite.path->type, PathModifier::Type::replace_prefix_match);
  EXPECT_EQ(api.filters.at(1).response_header_modifier.set.at(0).value, "no-store");
  EXPECT_EQ(api.filters.at(1).response_header_modifier.remove, std::vector<std::string>{"server"});

  const HTTPRouteRule& old = documents.resources.http_routes.at(0).rules.at(1);
  EXPECT_EQ(old.matches.at(1).path.type, PathMatch::Type::regular_expression);
  EXPECT_EQ(old.filters.at(0).request_redirect.status_code, 301);

  const HTTPRouteMatch& testers = documents.resources.http_routes.at(1).rules.at(0).matches.at(0);
  EXPECT_EQ(testers.method, "GET");
  EXPECT_EQ(testers.headers.at(0).value, "yes");
  EXPECT_EQ(testers.query_params.at(0).type, NamedMatch::Type::regular_expression);
}

std::size_t errors_of_match(const std::string& match) {
  return test::errors_of(
             "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: "
             "80}]}\n---\n"
             "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: "
             "r}\nspec:\n"
             "  parentRefs: [{kind: Service, name: a}]\n  rules: [{matches: [" +
             match + "]}]\n")
      .size();
}

TEST(HTTPRouteParts, TellHeadersApartWithoutCaseAndParametersWithIt) {
  EXPECT_EQ(errors_of_match("{headers: [{name: a, value: x}, {name: b, value: x}]}"), 0U);
  EXPECT_EQ(errors_of_match("{headers: [{name: a, value: x}, {name: A, value: x}]}"), 1U);
  EXPECT_EQ(errors_of_match("{queryParams: [{name: a, value: x}, {name: A, value: x}]}"), 0U);
  EXPECT_EQ(errors_of_match("{queryParams: [{name: a, value: x}, {name: a, value: x}]}"), 1U);
}

TEST(HTTPRouteParts, CheckAPathByItsType) {
  EXPECT_EQ(errors_of_match("{path: {type: Exact, value: /a/b}}"), 0U);
  EXPECT_EQ(errors_of_match("{path: {type: Exact, value: \"/a/[0-9]+\"}}"), 0U)
      << "brackets, as they are";
  EXPECT_EQ(errors_of_match("{path: {type: RegularExpression, value: \".*\\\\.css\"}}"), 0U);
  EXPECT_EQ(errors_of_match("{path: {type: Exact, value: a}}"), 1U);
  EXPECT_EQ(errors_of_match("{path: {type: RegularExpression, value: \"[\"}}"), 1U);
}

// The share that `text` says beside backendRef, in millionths; -1: it is refused.
int millionths(const std::string& text) {
  const std::string document =
      "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: "
      "80}]}\n---\n"
      "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec:\n"
      "  parentRefs: [{kind: Service, name: a}]\n  rules:\n    - backendRefs: [{name: a}]\n"
      "      filters: [{type: RequestMirror, requestMirror: {backendRef: {name: a}" +
      text + "}}]\n";
  if (!test::errors_of(document).empty()) return -1;
  const Documents documents = test::read_policies(document);
  const Fraction share =
      documents.resources.http_routes.at(0).rules.at(0).filters.at(0).request_mirror.share();
  return static_cast<int>(1'000'000ULL * share.numerator / share.denominator);
}

TEST(HTTPRouteParts, AMirrorsShareIsInPercentOrAFraction) {
  EXPECT_EQ(millionths(""), 1'000'000);
  EXPECT_EQ(millionths(", percent: 0"), 0);
  EXPECT_EQ(millionths(", percent: 7"), 70'000);
  EXPECT_EQ(millionths(", percent: 101"), -1);
  EXPECT_EQ(millionths(", fraction: {numerator: 7}"), 70'000);
  EXPECT_EQ(millionths(", fraction: {numerator: 7, denominator: 1000}"), 7'000);
  EXPECT_EQ(millionths(", fraction: {numerator: 7, denominator: 6}"), -1);
  EXPECT_EQ(millionths(", fraction: {numerator: 7, denominator: 0}"), -1);
  EXPECT_EQ(millionths(", fraction: {denominator: 6}"), -1);
  EXPECT_EQ(millionths(", percent: 7, fraction: {numerator: 7}"), -1);
}

}  // namespace
}  // namespace skiff
