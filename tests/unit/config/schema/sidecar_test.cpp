#include "config/schema/sidecar.h"

#include <gtest/gtest.h>

#include "tests/support/policies.h"

namespace skiff {
namespace {

TEST(SidecarConfig, IsReadFromItsExample) {
  const Documents documents =
      test::read_policies(test::repository_file("config/examples/sidecar.yaml"));
  ASSERT_EQ(documents.sidecars.size(), 1U);
  const SidecarConfig& config = documents.sidecars[0];
  EXPECT_EQ(config.service, "product");
  EXPECT_EQ(config.ns, "shop");
  EXPECT_EQ(config.workers, 1U);
  EXPECT_EQ(config.inbound.at(0).application, "127.0.0.1:5003");
  EXPECT_EQ(config.inbound.at(0).address, "0.0.0.0");
  EXPECT_EQ(config.outbound.at(1).service, "product-v2");
  EXPECT_EQ(config.gateway.at(0).section_name, "http");
  EXPECT_EQ(config.admin.port, 15'000);
  EXPECT_EQ(config.policies, "policies");
  EXPECT_EQ(config.access_log.mode, AccessLogConfig::Mode::sampled);
  EXPECT_EQ(config.access_log.sample, Ratio{0.05});
  EXPECT_EQ(config.limits.body_bytes, Bytes{10 << 20});
  EXPECT_EQ(config.timeouts.request_headers, std::chrono::seconds(5));
  EXPECT_EQ(config.timeouts.connection_idle, std::chrono::hours(1));
  EXPECT_EQ(config.log_level, "info");
}

TEST(SidecarConfig, HasEachAddressOnce) {
  const std::string head =
      "apiVersion: skiff.dev/v1\nkind: Sidecar\nmetadata: {name: a}\nspec:\n  service: a\n";
  EXPECT_TRUE(
      test::errors_of(head + "  outbound: [{port: 1}, {port: 2}, {port: 1, address: 127.0.0.2}]\n")
          .empty());
  EXPECT_TRUE(test::errors_of(head + "  outbound: [{port: 0}, {port: 0}]\n").empty())
      << "0: any free port";
  EXPECT_EQ(test::errors_of(head + "  outbound: [{port: 1}, {port: 1}]\n").size(), 1U);
  EXPECT_EQ(test::errors_of(head + "  outbound: [{port: 15000}]\n").size(), 1U) << "the admin's";
}

}  // namespace
}  // namespace skiff
