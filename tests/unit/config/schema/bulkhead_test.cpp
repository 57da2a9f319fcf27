#include "config/schema/bulkhead.h"

#include <gtest/gtest.h>

#include "config/schema/traffic_policy.h"
#include "tests/support/policies.h"

namespace skiff {
namespace {

TrafficPolicy read(const std::string& spec) {
  return test::read_policies(test::policy_with(spec)).resources.traffic_policies.at(0);
}

std::size_t errors_of_spec(const std::string& spec) {
  return test::errors_of(test::policy_with(spec)).size();
}

TEST(BulkheadSchema, LimitsNothingUnlessAScopeIsNamed) {
  const TrafficPolicy policy = read("criticality: NORMAL");
  EXPECT_FALSE(policy.bulkhead.target || policy.bulkhead.endpoint || policy.bulkhead.caller);
}

TEST(BulkheadSchema, HasDefaultsForEachScope) {
  const BulkheadConfig bulkhead =
      read("bulkhead: {target: {}, caller: {maxConcurrent: 5}}").bulkhead;
  ASSERT_TRUE(bulkhead.target);
  EXPECT_EQ(bulkhead.target->max_concurrent, 1024U);
  EXPECT_EQ(bulkhead.target->max_queue, 128U);
  EXPECT_EQ(bulkhead.target->max_wait, Milliseconds(100));
  EXPECT_EQ(bulkhead.target->order, BulkheadLimitConfig::Order::fifo);
  EXPECT_FALSE(bulkhead.target->adaptive);
  EXPECT_FALSE(bulkhead.endpoint);
  ASSERT_TRUE(bulkhead.caller);
  EXPECT_EQ(bulkhead.caller->max_concurrent, 5U);
}

TEST(BulkheadSchema, ReadsAllOfIt) {
  const BulkheadLimitConfig limit =
      *read(
           "bulkhead: {endpoint: {maxConcurrent: 50, maxQueue: 0, maxWait: 1s, order: LIFO,"
           " adaptive: {minConcurrent: 4, quantile: 50%, window: 200ms}}}")
           .bulkhead.endpoint;
  EXPECT_EQ(limit.max_queue, 0U);
  EXPECT_EQ(limit.max_wait, Milliseconds(1000));
  EXPECT_EQ(limit.order, BulkheadLimitConfig::Order::lifo);
  ASSERT_TRUE(limit.adaptive);
  EXPECT_EQ(limit.adaptive->min_concurrent, 4U);
  EXPECT_EQ(limit.adaptive->quantile, Ratio{0.5});
  EXPECT_EQ(limit.adaptive->window, Milliseconds(200));
}

TEST(BulkheadSchema, RefusesWhatMakesNoSense) {
  EXPECT_EQ(errors_of_spec("bulkhead: {target: {maxConcurrent: 0}}"), 1U);
  EXPECT_EQ(errors_of_spec("bulkhead: {target: {maxWait: 0s}}"), 1U);
  EXPECT_EQ(errors_of_spec("bulkhead: {target: {order: RANDOM}}"), 1U);
  EXPECT_EQ(errors_of_spec("bulkhead: {target: {adaptive: {window: 1ms}}}"), 1U);
  EXPECT_EQ(errors_of_spec("bulkhead: {route: {}}"), 1U);
  EXPECT_EQ(errors_of_spec("bulkhead: {target: {maxConcurrent: 5, adaptive: {}}}"), 1U)
      << "the least, 8 by default, is more than the most";
}

TEST(BulkheadSchema, CriticalityIsOneOfThree) {
  EXPECT_EQ(read("criticality: SHEDDABLE").criticality, Criticality::sheddable);
  EXPECT_EQ(read("criticality: CRITICAL").criticality, Criticality::critical);
  EXPECT_EQ(read("bulkhead: {}").criticality, Criticality::normal);
  EXPECT_EQ(errors_of_spec("criticality: HIGH"), 1U);
}

}  // namespace
}  // namespace skiff
