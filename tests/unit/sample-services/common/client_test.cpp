#include "sample-services/common/client.h"

#include <gtest/gtest.h>

namespace skiff::shop {
namespace {

TEST(MeshAddress, IsAUrlWithAnAddressAndAPort) {
  const auto endpoint = parse_mesh_address("http://127.0.0.1:15001");
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(endpoint->port(), 15'001);
  EXPECT_TRUE(parse_mesh_address("http://127.0.0.1:1/"));
  for (const char* bad : {"127.0.0.1:1", "http://127.0.0.1", "http://localhost:1",
                          "http://127.0.0.1:0", "http://127.0.0.1:99999", "http://127.0.0.1:1x"}) {
    EXPECT_FALSE(parse_mesh_address(bad)) << bad;
  }
}

TEST(PassedOn, ArePlainlyTheHeadersThatBelongToTheWholeChain) {
  http::fields incoming;
  incoming.set("X-Request-Id", "r1");
  incoming.set("traceparent", "t");
  incoming.set("authorization", "secret");
  const http::fields passed = passed_on(incoming);
  EXPECT_EQ(passed["x-request-id"], "r1");
  EXPECT_EQ(passed["traceparent"], "t");
  EXPECT_EQ(passed.count("authorization"), 0U);
}

}  // namespace
}  // namespace skiff::shop
