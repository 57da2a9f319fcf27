#pragma once

#include <cstdint>
#include <optional>

#include "base/random.h"
#include "config/schema/retry.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/policy/pauses.h"
#include "sidecar/policy/retry_budget.h"

namespace skiff {

// What retries need; outlives them.
struct RetryTools {
  Pauses& pauses;
  const Clock& clock;
  Random& random;
  RetryBudget& budget;
  bool may_call_sidecars = true;  // False of the application: what it says of itself is not heeded.
};

// Sends a request again, to another endpoint where there is one:
//
//   provably unprocessed                 any method; the first time at once, and not counted. Also
//                                        what another sidecar says of its application
//                                        (unprocessed.h)
//   an idle connection's end crossed it  where doing it twice does no harm; at once
//   what `conditions`, `codes`, `grpcStatuses` name
//                                        the same, and not what a sidecar sent again already
//
// Where doing it twice does no harm: an idempotent method, or an `Idempotency-Key`. All of it only
// while the body is at hand (Exchange::replay), the budget allows it, and the deadline leaves time
// for the wait before. When nothing is left to try, the last answer or error is the client's.
//
// An answer that is followed by another attempt is read to its end where that is near, so that its
// connection lives on; else it is cancelled. Its attempt is over then (Exchange::end_since).
//
// Also watches Deadlines::per_try.
//
// Source: RFC 9110, 9.2.2 (idempotent methods); RFC 9112, 9.3.1 (a closing that crosses a request);
// gRFC A6 (transparent retries); Envoy's retry back-off.
class Retry final : public Forwarder {
 public:
  Retry(const RetryConfig& config, const RetryTools& tools, Forwarder& inner)
      : config_(config), tools_(tools), inner_(inner) {}

  void configure(const RetryConfig& config) { config_ = config; }

  void forward(Exchange& exchange, Reply& reply) override;

 private:
  class Call;

  RetryConfig config_;
  const RetryTools tools_;
  Forwarder& inner_;
};

// Whether an attempt that came to this end may be followed by another, and how.
enum class Repeat : std::uint8_t {
  no,
  unprocessed,  // Whoever asks: nobody has begun to act on it.
  crossed,      // An idle connection's end; at once.
  harmless,     // The policy wants it, and twice does no harm.
};
Repeat judge(const RetryConfig& config, const Exchange& exchange, const Error& error);
Repeat judge(const RetryConfig& config, const Exchange& exchange, const Response& response);

// How long to wait before retry `number` (from 1 on).
Duration backoff_before(const BackoffConfig& config, std::uint32_t number, Random& random);

// What `Retry-After` of an answer asks for, in seconds. Nothing: it is silent. More than
// `longest_retry_after`, or a date: Duration::max(), for no retry of ours.
inline constexpr Duration longest_retry_after = std::chrono::seconds(300);
std::optional<Duration> retry_after(const Response& response);

}  // namespace skiff
