#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/clock.h"

namespace skiff {

// Every way in which a request can fail. The reason word, the status and what it means stand in one
// table (error.cpp); the word is the same in `x-skiff-reason`, the access log, the metric and the
// docs.
enum class ErrorKind : std::uint8_t {
  none,
  // What the client sent.
  bad_request_line,
  bad_request_method,
  bad_request_trace,
  bad_request_connect,
  bad_request_target,
  bad_request_version,
  bad_request_header,
  bad_request_host,
  bad_request_framing,
  bad_request_transfer_encoding,
  bad_request_chunk,
  bad_request_line_too_long,
  bad_request_header_too_large,
  bad_request_too_many_headers,
  bad_request_body_too_large,
  bad_request_expectation,
  timeout_request_headers,
  client_gone,
  // Where it should go.
  no_route,
  no_backend,
  unknown_service,
  no_endpoint,
  // The way there.
  connect_failed,
  timeout_connect,
  pool_full,
  pool_timeout,
  // Who is there, and what a peer may. Up to tls_wrong_identity in the order of TlsFailure
  // (transport/tls.h).
  tls_failed,
  timeout_tls,
  tls_no_certificate,
  tls_expired,
  tls_not_yet_valid,
  tls_unknown_root,
  tls_trust_domain,
  tls_no_identity,
  tls_several_identities,
  tls_wrong_usage,
  tls_weak_key,
  tls_wrong_identity,
  tls_required,
  denied,
  // The caller's token (JWTPolicy).
  jwt_missing,
  jwt_malformed,
  jwt_algorithm,
  jwt_key,
  jwt_signature,
  jwt_expired,
  jwt_not_yet_valid,
  jwt_issuer,
  jwt_audience,
  // The answer.
  upstream_reset,
  bad_response,
  upgrade_unsupported,
  timeout_request,
  timeout_deadline,
  timeout_per_try,
  timeout_response_headers,
  timeout_stream_idle,
  // What a policy decided.
  deadline_short,
  circuit_open,
  bulkhead_full,
  bulkhead_timeout,
  retry_budget,
  rate_limited,
  rate_limit_unavailable,
  fault_injected,
  hedge_lost,
  // Ourselves.
  overload,
  draining,
  internal,
  count_,
};

// Who is to blame.
enum class ErrorSource : std::uint8_t { client, backend, local };

// One row of the table of errors.
struct ErrorInfo {
  std::string_view reason;
  std::uint16_t status;  // 499 is for the log only: nobody is there to read it.
  ErrorSource source;
  bool close;                // The client's connection cannot be used any more.
  std::string_view meaning;  // One sentence for the operator.
};

const ErrorInfo& about(ErrorKind kind);
std::span<const ErrorInfo> all_errors();  // Indexed by ErrorKind.

class Headers;

// What else the answer to a failure says, where a policy wants it so. In the exchange's arena.
struct ErrorAnswer {
  std::uint16_t status = 0;         // 0: the kind's.
  std::int8_t grpc_status = -1;     // To a call of gRPC; -1: the kind's.
  bool reset = false;               // None at all: the connection breaks, of HTTP/2 the stream.
  Duration retry_after{};           // Told in seconds, rounded up; zero: as for any.
  const Headers* fields = nullptr;  // Further fields; null: none.
  std::string_view content_type{};  // Of `body`.
  std::string_view body{};          // Empty: the usual one.
};

// One failure of one request.
struct Error {
  ErrorKind kind = ErrorKind::none;
  bool unprocessed = false;  // Proved: no backend has begun to act on the request.
  // The connection had been used before and broke before one byte of the answer: most likely it was
  // being closed for lying idle, but the request may have been read.
  bool reused = false;
  std::string_view detail{};  // A literal; for the log.
  // Which rule refused, where the caller may know; lives as long as the exchange.
  std::string_view policy{};
  const ErrorAnswer* answer = nullptr;  // Null: as the table says.
};

}  // namespace skiff
