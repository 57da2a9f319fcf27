#include "config/schema/grpc_route.h"

#include <gtest/gtest.h>

#include "tests/support/policies.h"

namespace skiff {
namespace {

TEST(GRPCRoute, IsReadFromItsExample) {
  const auto routes = test::read_policies(test::repository_file("config/examples/grpc_route.yaml"))
                          .resources.grpc_routes;
  ASSERT_EQ(routes.size(), 1U);
  ASSERT_EQ(routes[0].rules.size(), 2U);
  const GRPCRouteRule& search = routes[0].rules[0];
  ASSERT_TRUE(search.matches[0].method);
  EXPECT_EQ(search.matches[0].method->service, "shop.Catalogue");
  EXPECT_EQ(search.matches[0].method->method, "Search");
  EXPECT_EQ(search.matches[0].headers[0].value, "yes");
  EXPECT_EQ(search.filters[0].type, HTTPRouteFilter::Type::request_header_modifier);
  EXPECT_EQ(search.backend_refs[0].ref.name, "catalogue-v2");
  EXPECT_EQ(routes[0].rules[1].matches[0].method->method, "");
}

TEST(GRPCRoute, TakesAnExpressionOnlyWhereItIsOne) {
  const auto errors = [](const std::string& method) {
    return test::errors_of(
               "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: a}\n"
               "spec: {ports: [{port: 80}]}\n---\n"
               "apiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: a}\n"
               "spec: {parentRefs: [{kind: Service, name: a}], rules: [{matches: [{method: {" +
               method + "}}]}]}\n")
        .size();
  };
  EXPECT_EQ(errors("method: Get"), 0U);
  EXPECT_EQ(errors("method: Get.*"), 1U);
  EXPECT_EQ(errors("type: RegularExpression, method: Get.*"), 0U);
  EXPECT_EQ(errors("service: shop.v1.Catalogue"), 0U);
  EXPECT_EQ(errors("service: shop..Catalogue"), 1U);
}

}  // namespace
}  // namespace skiff
