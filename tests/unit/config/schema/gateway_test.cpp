#include "config/schema/gateway.h"

#include <gtest/gtest.h>

#include "tests/support/policies.h"

namespace skiff {
namespace {

TEST(Gateway, IsReadFromItsExample) {
  const Documents documents =
      test::read_policies(test::repository_file("config/examples/gateway.yaml"));
  ASSERT_EQ(documents.resources.gateways.size(), 1U);
  const Gateway& gateway = documents.resources.gateways[0];
  ASSERT_EQ(gateway.listeners.size(), 2U);
  EXPECT_EQ(gateway.listeners[0].port, 8'080);
  EXPECT_EQ(gateway.listeners[1].hostname, "*.internal.example.com");
}

TEST(Gateway, HasEachNameAndEachPlaceOnce) {
  const auto errors = [](const std::string& listeners) {
    return test::errors_of(
               "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: "
               "a}\nspec: {listeners: [" +
               listeners + "]}\n")
        .size();
  };
  EXPECT_EQ(
      errors(
          "{name: a, port: 80, protocol: HTTP}, {name: b, port: 80, protocol: HTTP, hostname: x}"),
      0U);
  EXPECT_EQ(errors("{name: a, port: 80, protocol: HTTP}, {name: b, port: 80, protocol: HTTP}"), 1U);
  EXPECT_EQ(errors("{name: a, port: 80, protocol: HTTP}, {name: a, port: 81, protocol: HTTP}"), 1U);
}

}  // namespace
}  // namespace skiff
