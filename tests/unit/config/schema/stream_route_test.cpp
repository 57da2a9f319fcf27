#include "config/schema/stream_route.h"

#include <gtest/gtest.h>

#include "config/schema/document_text.h"
#include "tests/support/policies.h"

namespace skiff {
namespace {

TEST(TCPRoute, IsReadFromItsExample) {
  const auto routes = test::read_policies(test::repository_file("config/examples/tcp_route.yaml"))
                          .resources.tcp_routes;
  ASSERT_EQ(routes.size(), 1U);
  ASSERT_EQ(routes[0].rules.size(), 1U);
  EXPECT_EQ(routes[0].rules[0].name, "move");
  ASSERT_EQ(routes[0].rules[0].backend_refs.size(), 2U);
  EXPECT_EQ(routes[0].rules[0].backend_refs[0].weight, 90U);
}

TEST(TLSRoute, IsReadFromItsExample) {
  const auto routes = test::read_policies(test::repository_file("config/examples/tls_route.yaml"))
                          .resources.tls_routes;
  ASSERT_EQ(routes.size(), 1U);
  EXPECT_EQ(routes[0].hostnames, std::vector<std::string>{"payments.example.com"});
}

TEST(TLSRoute, HasTwoVersionsThatMeanTheSame) {
  const auto written = [](const std::string& version) {
    return to_text(test::read_policies("apiVersion: gateway.networking.k8s.io/" + version +
                                       "\nkind: TLSRoute\nmetadata: {name: a}\nspec: {parentRefs: "
                                       "[{name: a}], rules: [{backendRefs: [{name: a}]}]}\n"));
  };
  EXPECT_EQ(written("v1alpha2"), written("v1alpha3"));
}

}  // namespace
}  // namespace skiff
