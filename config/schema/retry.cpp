#include "config/schema/retry.h"

#include "config/schema/shape.h"

namespace skiff {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Milliseconds shortest{1};

void check_backoff(const BackoffConfig& backoff, const Complain& complain) {
  if (backoff.base <= backoff.max) return;
  complain("base", to_text(backoff.base) + " is longer than max",
           "at most " + to_text(backoff.max));
}

}  // namespace

std::vector<std::string_view> grpc_status_names() {
  return {"OK",
          "CANCELLED",
          "UNKNOWN",
          "INVALID_ARGUMENT",
          "DEADLINE_EXCEEDED",
          "NOT_FOUND",
          "ALREADY_EXISTS",
          "PERMISSION_DENIED",
          "RESOURCE_EXHAUSTED",
          "FAILED_PRECONDITION",
          "ABORTED",
          "OUT_OF_RANGE",
          "UNIMPLEMENTED",
          "INTERNAL",
          "UNAVAILABLE",
          "DATA_LOSS",
          "UNAUTHENTICATED"};
}

Shape describe(Of<BackoffConfig>) {
  Shape shape = Shape::of<BackoffConfig>(
      "How long a request waits before it is sent again: before retry n, anything up to 2^n - 1 "
      "times base.");
  shape.field("base", &BackoffConfig::base, "The most before the first retry.")
      .range(shortest, minutes(1));
  shape.field("max", &BackoffConfig::max, "The most before any retry.").range(shortest, minutes(5));
  shape
      .field("least", &BackoffConfig::least,
             "Waited before any retry, beside what base and max say.")
      .range(Milliseconds(0), minutes(5));
  shape.check(&check_backoff);
  return shape;
}

Shape describe(Of<RetryBudgetConfig>) {
  Shape shape = Shape::of<RetryBudgetConfig>(
      "How many retries the target bears in all, so that they never add up to a storm.");
  shape.field("ratio", &RetryBudgetConfig::ratio, "Retries to requests, within the window.");
  shape
      .field("minPerSecond", &RetryBudgetConfig::min_per_second,
             "So many retries each second are allowed beside that.")
      .range(0, 100'000);
  shape.field("window", &RetryBudgetConfig::window, "Over how long requests and retries count.")
      .range(seconds(1), minutes(10));
  return shape;
}

Shape describe(Of<HedgingConfig>) {
  Shape shape = Shape::of<HedgingConfig>(
      "One more attempt beside one that takes long; who answers first wins, the other is "
      "cancelled. "
      "Only where a retry would be allowed too, and charged to the budget.");
  shape.field("quantile", &HedgingConfig::quantile,
              "Whoever waits longer than this share of the route's requests is hedged.");
  shape.field("least", &HedgingConfig::least, "Never sooner than that.")
      .range(shortest, minutes(1));
  return shape;
}

Shape describe(Of<RetryConfig>) {
  Shape shape = Shape::of<RetryConfig>(
      "When a request is sent again: where no backend has begun to act on it, and, for what "
      "conditions, "
      "codes and grpcStatuses name, where doing it twice does no harm: GET, HEAD, OPTIONS, TRACE, "
      "PUT, DELETE, or with an Idempotency-Key.");
  shape
      .field("attempts", &RetryConfig::attempts,
             "How often a request is sent again, after the first time. 0: never.")
      .range(0, 10);
  shape
      .field(
          "conditions", &RetryConfig::conditions,
          "SERVER_ERROR: any 5xx. GATEWAY_ERROR: 502, 503, 504. RESET: the backend closed before "
          "its answer. PER_TRY_TIMEOUT: timeouts.perTry passed.")
      .one_of({"SERVER_ERROR", "GATEWAY_ERROR", "RESET", "PER_TRY_TIMEOUT"})
      .items(1, 4);
  shape.field("codes", &RetryConfig::codes, "Further statuses after which it is sent again.")
      .range(400, 599)
      .items(1, 100);
  shape
      .field("grpcStatuses", &RetryConfig::grpc_statuses,
             "Statuses of gRPC after which it is sent again.")
      .one_of(grpc_status_names())
      .items(1, 16);
  shape.field("backoff", &RetryConfig::backoff, "How long it waits before it is sent again.");
  shape.field("budget", &RetryConfig::budget, "How many retries the target bears.");
  shape.field("retryRetried", &RetryConfig::retry_retried,
              "Send again what another sidecar has sent again already (x-skiff-attempt above 1). "
              "That multiplies from hop to hop.");
  shape.field("hedging", &RetryConfig::hedging,
              "A second attempt beside a slow one. Left out: none.");
  return shape;
}

}  // namespace skiff
