#include "config/schema/service.h"

#include <gtest/gtest.h>

#include "tests/support/policies.h"

namespace skiff {
namespace {

TEST(Service, IsReadFromItsExample) {
  const Documents documents =
      test::read_policies(test::repository_file("config/examples/service.yaml"));
  ASSERT_EQ(documents.resources.services.size(), 2U);
  const Service& product = documents.resources.services[0];
  EXPECT_EQ(product.metadata.name, "product");
  EXPECT_EQ(product.hosts, std::vector<std::string>{"products.example.com"});
  ASSERT_EQ(product.ports.size(), 2U);
  EXPECT_EQ(product.ports[1].port, 9'090);
  ASSERT_EQ(product.endpoints.size(), 4U);
  EXPECT_EQ(product.endpoints[1].weight, 2U);
  EXPECT_EQ(product.endpoints[0].weight, 1U);
  EXPECT_EQ(product.endpoints[2].labels.at("version"), "v2");
  EXPECT_EQ(product.endpoints[3].address, "::1");
  EXPECT_GT(product.endpoints[3].position.line, product.endpoints[2].position.line);
  EXPECT_EQ(documents.resources.services[1].of, "product");
  EXPECT_EQ(documents.resources.services[1].subset.at("version"), "v2");
}

TEST(Service, NeedsNamesWhereThereAreSeveralPorts) {
  const auto errors = [](const std::string& ports) {
    return test::errors_of(
               "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [" +
               ports + "]}\n")
        .size();
  };
  EXPECT_EQ(errors("{port: 80}"), 0U);
  EXPECT_EQ(errors("{name: a, port: 80}, {name: b, port: 81}"), 0U);
  EXPECT_EQ(errors("{name: a, port: 80}, {port: 81}"), 1U);
  EXPECT_EQ(errors("{name: a, port: 80}, {name: a, port: 81}"), 1U);
}

TEST(Service, SpeaksWhatProtocolOrAppProtocolSaysElseHttp) {
  const auto spoken = [](std::optional<Protocol> protocol, std::string app_protocol) {
    return protocol_of({{}, 80, protocol, std::move(app_protocol), {}});
  };
  EXPECT_EQ(spoken({}, ""), Protocol::http);
  EXPECT_EQ(spoken(Protocol::tcp, ""), Protocol::tcp);
  EXPECT_EQ(spoken({}, "kubernetes.io/h2c"), Protocol::http2);
  EXPECT_EQ(spoken({}, "kubernetes.io/ws"), Protocol::http);
  EXPECT_EQ(spoken({}, "https"), Protocol::tls);
  EXPECT_EQ(spoken(Protocol::grpc, "grpc"), Protocol::grpc);
}

}  // namespace
}  // namespace skiff
