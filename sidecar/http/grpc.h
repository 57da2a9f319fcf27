#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "sidecar/http/message.h"

namespace skiff {

// What gRPC says in fields of HTTP (grpc.io, "gRPC over HTTP2").

// Whether the request is a call of gRPC: `application/grpc`, `application/grpc+proto`, … One branch
// for a request without Content-Type.
bool names_grpc(const Headers& headers);
inline bool is_grpc(const Request& request) {
  return request.headers.may_have(bit(FieldId::content_type)) && names_grpc(request.headers);
}

// The status that the head of an answer, or its trailers, say; -1: none, or none that there is.
std::int8_t grpc_status_in(const Headers& headers);

// `grpc-timeout`: at most eight digits and a unit (H, M, S, m, u, n); nothing where malformed.
std::optional<Duration> parse_grpc_timeout(std::string_view text);

}  // namespace skiff
