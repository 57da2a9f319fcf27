#include "config/schema/common.h"

#include <gtest/gtest.h>

#include "config/schema/shape_printer.h"
#include "tests/support/policies.h"

namespace skiff {
namespace {

TEST(Metadata, SaysNamespaceLabelsAndTime) {
  const Documents documents = test::read_policies(
      "apiVersion: skiff.dev/v1\nkind: Service\nmetadata:\n  name: a\n  namespace: shop\n  labels: "
      "{team: x}\n"
      "  annotations: {note: \"1\"}\n  creationTimestamp: 2026-01-31T12:00:00Z\nspec: {ports: "
      "[{port: 80}]}\n");
  const Metadata& metadata = documents.resources.services.at(0).metadata;
  EXPECT_EQ(metadata.ns, "shop");
  EXPECT_EQ(metadata.labels.at("team"), "x");
  EXPECT_EQ(metadata.annotations.at("note"), "1");
  EXPECT_EQ(metadata.creation_timestamp, "2026-01-31T12:00:00Z");
}

TEST(References, HaveTheKindThatGatewayApiGivesThem) {
  const auto kind_of = [](const Shape& shape) {
    const FreshObject ref = shape.fresh();
    return static_cast<ObjectRef*>(ref.get())->kind;
  };
  EXPECT_EQ(kind_of(describe_parent_ref()), "Gateway");
  EXPECT_EQ(kind_of(describe_backend_ref()), "Service");
  EXPECT_EQ(kind_of(describe_target_ref()), "Service");
}

TEST(Protocol, CarriesMessagesWhereThatIsSure) {
  for (const Protocol each : {Protocol::http, Protocol::http2, Protocol::grpc})
    EXPECT_TRUE(carries_messages(each));
  for (const Protocol each : {Protocol::tcp, Protocol::tls, Protocol::detect})
    EXPECT_FALSE(carries_messages(each));
}

TEST(FileName, IsSharedByItsCopies) {
  const FileName one("a.yaml");
  const FileName other = one;
  EXPECT_EQ(&one.text(), &other.text());
  EXPECT_EQ(FileName().text(), "");
}

}  // namespace
}  // namespace skiff
