#include "config/schema/traffic_policy.h"

#include <gtest/gtest.h>

#include "tests/support/policies.h"

namespace skiff {
namespace {

TEST(TrafficPolicy, IsReadFromItsExample) {
  const Documents documents =
      test::read_policies(test::repository_file("config/examples/traffic_policy.yaml"));
  ASSERT_EQ(documents.resources.traffic_policies.size(), 2U);
  const TrafficPolicy& product = documents.resources.traffic_policies[0];
  EXPECT_EQ(product.target_refs.at(0).name, "product");
  EXPECT_EQ(product.timeouts.connect, Milliseconds(500));
  EXPECT_EQ(product.timeouts.stream_idle, std::chrono::minutes(5));
  EXPECT_EQ(product.connection_pool.max_connections, 64U);
  EXPECT_EQ(product.load_balancing.panic_threshold, Ratio{0.3});
  EXPECT_EQ(product.slow_start.window, std::chrono::seconds(30));
  ASSERT_TRUE(product.health_check);
  EXPECT_EQ(product.health_check->path, "/health");

  const TrafficPolicy& testers = documents.resources.traffic_policies[1];
  EXPECT_EQ(testers.target_refs.at(0).section_name, "testers");
  EXPECT_EQ(testers.load_balancing.algorithm, LoadBalancingConfig::Algorithm::maglev);
  EXPECT_EQ(testers.load_balancing.hash_key.name, "session");
  EXPECT_FALSE(testers.health_check);
}

std::size_t errors_of_spec(const std::string& spec) {
  return test::errors_of(
             "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: "
             "80}]}\n---\n"
             "apiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\nspec:\n"
             "  targetRefs: [{name: a}]\n  " +
             spec + "\n")
      .size();
}

TEST(TrafficPolicy, TakesNoPartLongerThanTheWhole) {
  EXPECT_EQ(errors_of_spec("timeouts: {connect: 3s, request: 3s}"), 0U);
  EXPECT_EQ(errors_of_spec("timeouts: {connect: 4s, request: 0s}"), 0U) << "0s: no limit";
  EXPECT_EQ(errors_of_spec("timeouts: {connect: 4s, responseHeaders: 5s, request: 3s}"), 2U);
}

TEST(TrafficPolicy, WantsAPrimeForMaglevOnly) {
  EXPECT_EQ(errors_of_spec("loadBalancing: {algorithm: MAGLEV, tableSize: 5003}"), 0U);
  EXPECT_EQ(errors_of_spec("loadBalancing: {algorithm: MAGLEV, tableSize: 5001}"), 1U);
  EXPECT_EQ(errors_of_spec("loadBalancing: {algorithm: RING_HASH, tableSize: 1024}"), 0U);
}

}  // namespace
}  // namespace skiff
