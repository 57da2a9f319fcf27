#include "config/schema/retry.h"

#include <gtest/gtest.h>

#include "tests/support/policies.h"

namespace skiff {
namespace {

std::size_t errors_of_retry(const std::string& retry) {
  return test::errors_of(test::policy_with("retry: " + retry)).size();
}

TEST(RetryConfig, IsRead) {
  const Documents documents = test::read_policies(test::policy_with(
      "retry: {attempts: 3, conditions: [GATEWAY_ERROR, RESET, PER_TRY_TIMEOUT], codes: [429], "
      "grpcStatuses: [UNAVAILABLE], budget: {ratio: 20%}}"));
  ASSERT_EQ(documents.resources.traffic_policies.size(), 1U);
  const RetryConfig& retry = documents.resources.traffic_policies[0].retry;
  EXPECT_EQ(retry.attempts, 3U);
  using enum RetryConfig::Condition;
  EXPECT_EQ(retry.conditions, (std::vector{gateway_error, reset, per_try_timeout}));
  EXPECT_EQ(retry.codes, std::vector<std::uint16_t>{429});
  EXPECT_EQ(retry.grpc_statuses, std::vector{GrpcStatus::unavailable});
  EXPECT_EQ(retry.budget.ratio, Ratio{0.2});
  EXPECT_FALSE(retry.hedging);
}

TEST(RetryConfig, HedgesWhereThePolicySaysSo) {
  const Documents documents =
      test::read_policies(test::policy_with("retry: {hedging: {quantile: 90%, least: 20ms}}"));
  const auto& hedging = documents.resources.traffic_policies.at(0).retry.hedging;
  ASSERT_TRUE(hedging);
  EXPECT_EQ(hedging->quantile, Ratio{0.9});
  EXPECT_EQ(hedging->least, Milliseconds(20));
}

TEST(RetryConfig, RepeatsByDefaultOnlyWhatIsUnprocessed) {
  const RetryConfig retry;
  EXPECT_EQ(retry.attempts, 2U);
  EXPECT_TRUE(retry.conditions.empty() && retry.codes.empty() && retry.grpc_statuses.empty());
  EXPECT_FALSE(retry.retry_retried);
}

TEST(RetryConfig, NamesEveryStatusOfGrpcByItsNumber) {
  const auto names = grpc_status_names();
  ASSERT_EQ(names.size(), 17U);
  EXPECT_EQ(names[static_cast<std::size_t>(GrpcStatus::unavailable)], "UNAVAILABLE");
  EXPECT_EQ(static_cast<int>(GrpcStatus::unavailable), 14);
  EXPECT_EQ(names[static_cast<std::size_t>(GrpcStatus::unauthenticated)], "UNAUTHENTICATED");
}

TEST(RetryConfig, RefusesWhatMakesNoSense) {
  EXPECT_EQ(errors_of_retry("{attempts: 10, codes: [400, 599]}"), 0U);
  EXPECT_EQ(errors_of_retry("{attempts: 11}"), 1U);
  EXPECT_EQ(errors_of_retry("{codes: [200]}"), 1U);
  EXPECT_EQ(errors_of_retry("{conditions: [TIMEOUT]}"), 1U);
  EXPECT_EQ(errors_of_retry("{grpcStatuses: [DOWN]}"), 1U);
  EXPECT_EQ(errors_of_retry("{backoff: {base: 1s, max: 500ms}}"), 1U);
  EXPECT_EQ(errors_of_retry("{backoff: {base: 1s, max: 1s}}"), 0U);
  EXPECT_EQ(errors_of_retry("{budget: {window: 500ms}}"), 1U);
  EXPECT_EQ(errors_of_retry("{budget: {ratio: 120%}}"), 1U);
}

}  // namespace
}  // namespace skiff
