#include "sidecar/http/error.h"

#include <array>

namespace skiff {
namespace {

using enum ErrorSource;

// In the order of ErrorKind.
constexpr ErrorInfo table[] = {
    {"none", 0, local, false, "Nothing went wrong."},

    {"bad_request_line", 400, client, true, "The request line is not METHOD TARGET VERSION."},
    {"bad_request_method", 400, client, true, "The method is no method's name."},
    {"bad_request_trace", 405, client, true, "TRACE is not forwarded."},
    {"bad_request_connect", 405, client, true,
     "CONNECT is taken by outbound listeners without a service only."},
    {"bad_request_target", 400, client, true,
     "The target is malformed, or its path has no canonical form."},
    {"bad_request_version", 505, client, true, "The version is neither HTTP/1.0 nor HTTP/1.1."},
    {"bad_request_header", 400, client, true,
     "A header line is malformed, or its name spells a protected one with underscores "
     "(limits.underscoredHeaders)."},
    {"bad_request_host", 400, client, true, "Host is missing, repeated or malformed."},
    {"bad_request_framing", 400, client, true,
     "Content-Length and Transfer-Encoding do not say clearly where the body ends."},
    {"bad_request_transfer_encoding", 501, client, true,
     "The transfer coding is another than chunked."},
    {"bad_request_chunk", 400, client, true, "A chunk or a trailer of the body is malformed."},
    {"bad_request_line_too_long", 414, client, true, "The request line is over limits.lineBytes."},
    {"bad_request_header_too_large", 431, client, true,
     "The head is over limits.headerBytes, or one line of it over limits.lineBytes."},
    {"bad_request_too_many_headers", 431, client, true,
     "The head has more lines than limits.headerCount."},
    {"bad_request_body_too_large", 413, client, true, "The body is over limits.bodyBytes."},
    {"bad_request_expectation", 417, client, true, "Expect asks for other than 100-continue."},
    {"timeout_request_headers", 408, client, true,
     "The head did not come within timeouts.requestHeaders."},
    {"client_gone", 499, client, true,
     "The client closed before the answer was complete, or closed its side and the answer did not "
     "begin within timeouts.halfClosed."},

    {"no_route", 404, local, false, "No route matches the request."},
    {"no_backend", 500, local, false, "The route that matches has no backend to send it to."},
    {"unknown_service", 503, local, false, "No service has this name."},
    {"no_endpoint", 503, local, false, "The service has no endpoint that may be used."},

    {"connect_failed", 503, backend, false, "No connection to the endpoint could be made."},
    {"timeout_connect", 504, backend, false, "The endpoint did not accept within the time."},
    {"pool_full", 503, local, false, "All connections are in use and the queue is full."},
    {"pool_timeout", 503, local, false, "No connection became free within the time."},

    {"tls_failed", 503, backend, false, "The TLS handshake broke off, or the peer refused it."},
    {"timeout_tls", 504, backend, false, "The TLS handshake was not over within the time."},
    {"tls_no_certificate", 503, backend, false,
     "The peer showed no certificate where one is asked for."},
    {"tls_expired", 503, backend, false, "A certificate of the peer's chain has expired."},
    {"tls_not_yet_valid", 503, backend, false,
     "A certificate of the peer's chain is not valid yet."},
    {"tls_unknown_root", 503, backend, false, "No root that is trusted here vouches for the peer."},
    {"tls_trust_domain", 503, backend, false,
     "The peer is of a trust domain that its root may not speak for."},
    {"tls_no_identity", 503, backend, false, "The peer's certificate has no SPIFFE identity."},
    {"tls_several_identities", 503, backend, false,
     "The peer's certificate has more than one identity."},
    {"tls_wrong_usage", 503, backend, false,
     "The peer's certificate is not for this use, or is an authority's."},
    {"tls_weak_key", 503, backend, false, "A key or signature of the peer's chain is too weak."},
    {"tls_wrong_identity", 503, backend, false,
     "The endpoint is not the service that discovery names."},
    {"tls_required", 503, local, false,
     "The service takes mutual TLS only, and this sidecar has no identity."},
    {"denied", 403, local, false, "An authorization policy does not allow the request."},
    {"jwt_missing", 401, local, false, "A JWTPolicy asks for a token, and the request has none."},
    {"jwt_malformed", 401, local, false,
     "The token is no JWT, is longer than tokenBytes, says `crit`, has no `exp`, or stands there "
     "more than once."},
    {"jwt_algorithm", 401, local, false,
     "The token's `alg` is not among the provider's algorithms."},
    {"jwt_key", 401, local, false,
     "The token's `kid` names no key of the provider that fits its `alg`, or the token brings a "
     "key of its own."},
    {"jwt_signature", 401, local, false, "The token's signature is not the key's."},
    {"jwt_expired", 401, local, false, "The token's `exp` has passed."},
    {"jwt_not_yet_valid", 401, local, false, "The token's `nbf` is still to come."},
    {"jwt_issuer", 401, local, false, "The token's `iss` is no provider's of the policy."},
    {"jwt_audience", 401, local, false, "The token's `aud` has none of the provider's audiences."},

    {"upstream_reset", 502, backend, false, "The backend closed before its answer was complete."},
    {"bad_response", 502, backend, false, "The backend's answer is malformed."},
    {"upgrade_unsupported", 501, local, false,
     "The backend speaks HTTP/2 and does not take the Upgrade that was asked for."},
    {"timeout_request", 504, backend, false, "The exchange was not over within the time."},
    {"timeout_deadline", 504, backend, false,
     "The time that the caller had left for it (x-skiff-deadline-ms, grpc-timeout) was over."},
    {"timeout_per_try", 504, backend, false,
     "The attempt was not answered within timeouts.perTry."},
    {"timeout_response_headers", 504, backend, false, "The answer did not begin within the time."},
    {"timeout_stream_idle", 504, backend, false, "No byte moved either way within the time."},

    {"deadline_short", 504, local, false,
     "Less time is left for the request than half of its kind need."},
    {"circuit_open", 503, local, false, "The circuit breaker of the target is open."},
    {"bulkhead_full", 503, local, false,
     "As many requests as the bulkhead allows are in flight, and its queue is full."},
    {"bulkhead_timeout", 503, local, false,
     "As many requests as the bulkhead allows were in flight for all of its maxWait."},
    {"retry_budget", 503, backend, false,
     "The attempt failed, and the target's retry budget was used up."},
    {"rate_limited", 429, local, false, "A rate limit allows no more of these requests now."},
    {"rate_limit_unavailable", 503, local, false,
     "The rate limit's Redis did not answer, and the policy lets nothing through without it."},
    {"fault_injected", 503, local, false, "A FaultPolicy failed the request on purpose."},
    {"hedge_lost", 499, local, false, "Another attempt of the same request answered first."},

    {"overload", 503, local, true, "A limit of the sidecar itself is reached."},
    {"draining", 503, local, true, "The sidecar is about to stop."},
    {"internal", 500, local, true, "A fault of the sidecar."},
};
static_assert(std::size(table) == static_cast<std::size_t>(ErrorKind::count_));

}  // namespace

const ErrorInfo& about(ErrorKind kind) { return table[static_cast<std::size_t>(kind)]; }

std::span<const ErrorInfo> all_errors() { return table; }

}  // namespace skiff
