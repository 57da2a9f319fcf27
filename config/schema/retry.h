#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "config/schema/described.h"

namespace skiff {

// The codes of gRPC that a policy may name, by their numbers (grpc.io, statuscodes.md).
enum class GrpcStatus : std::uint8_t {
  ok,
  cancelled,
  unknown,
  invalid_argument,
  deadline_exceeded,
  not_found,
  already_exists,
  permission_denied,
  resource_exhausted,
  failed_precondition,
  aborted,
  out_of_range,
  unimplemented,
  internal,
  unavailable,
  data_loss,
  unauthenticated,
};

// Before retry n a request waits uniformly in [0, (2^n - 1) * base), at most `max`.
// Source: Envoy's retry back-off.
struct BackoffConfig {
  Milliseconds base{25};
  Milliseconds max{250};
  Milliseconds least{0};  // Before any, beside that.
};

// How many retries a target bears: within `window`, `ratio` of its requests and `minPerSecond` more
// each second. Source: Linkerd's retry budget; GEP-3388.
struct RetryBudgetConfig {
  Ratio ratio{0.2};
  std::uint32_t min_per_second = 10;
  Milliseconds window{10'000};
};

// One more attempt beside one that takes longer than most; the first to answer wins.
// Source: J. Dean and L. Barroso, "The Tail at Scale" (2013), hedged requests.
struct HedgingConfig {
  Ratio quantile{0.95};   // Of the route's latencies: who waits longer is hedged.
  Milliseconds least{5};  // Never sooner than that.
};

// When a request is sent again. What is provably unprocessed always may be; what `conditions`,
// `codes` and `grpc_statuses` name only where doing it twice does no harm: an idempotent method, or
// an `Idempotency-Key`.
struct RetryConfig {
  enum class Condition { server_error, gateway_error, reset, per_try_timeout };

  std::uint32_t attempts = 2;         // After the first; 0: never.
  std::vector<Condition> conditions;  // Empty: only what is provably unprocessed.
  std::vector<std::uint16_t> codes;   // Statuses of answers, beside those that `conditions` mean.
  std::vector<GrpcStatus> grpc_statuses;  // Of answers and of their trailers.
  BackoffConfig backoff;
  RetryBudgetConfig budget;
  bool retry_retried = false;  // Also what another sidecar sent as a retry already.
  std::optional<HedgingConfig> hedging;
};

Shape describe(Of<BackoffConfig>);
Shape describe(Of<RetryBudgetConfig>);
Shape describe(Of<HedgingConfig>);
Shape describe(Of<RetryConfig>);

// In the order of GrpcStatus, as in YAML: `UNAVAILABLE`.
std::vector<std::string_view> grpc_status_names();

}  // namespace skiff
