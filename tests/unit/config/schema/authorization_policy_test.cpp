#include "config/schema/authorization_policy.h"

#include <gtest/gtest.h>

#include "tests/support/policies.h"

namespace skiff {
namespace {

TEST(AuthorizationPolicy, IsReadFromItsExample) {
  const auto policies = test::read_policies(test::repository_file("config/examples/authorize.yaml"))
                            .resources.authorization_policies;
  ASSERT_EQ(policies.size(), 3U);
  EXPECT_EQ(policies[0].action, AuthorizationPolicy::Action::allow);
  EXPECT_EQ(policies[0].mode, AuthorizationPolicy::Mode::enforce);
  ASSERT_EQ(policies[0].rules.size(), 3U);
  const AuthorizationRule& till = policies[0].rules[1];
  EXPECT_EQ(till.name, "till-books");
  EXPECT_EQ(till.from[0].namespaces, std::vector<std::string>{"till"});
  EXPECT_EQ(till.to[0].ports, std::vector<std::uint16_t>{80});
  EXPECT_EQ(till.headers[0].regex, "[0-9]+");
  EXPECT_FALSE(till.headers[0].exact);
  const AuthorizationRule& customer = policies[0].rules[2];
  ASSERT_EQ(customer.claims.size(), 2U);
  EXPECT_EQ(customer.claims[0].name, "/realm/roles");
  EXPECT_EQ(customer.claims[0].exact, "customer");
  EXPECT_EQ(customer.claims[1].regex, "(.* )?accounts( .*)?");
  EXPECT_FALSE(customer.claims[1].present);
  EXPECT_EQ(policies[1].action, AuthorizationPolicy::Action::deny);
  EXPECT_EQ(policies[2].mode, AuthorizationPolicy::Mode::shadow);
}

}  // namespace
}  // namespace skiff
