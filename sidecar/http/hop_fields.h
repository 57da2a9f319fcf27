#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"
#include "sidecar/http/exchange.h"

namespace skiff {

// What a request says anew at each attempt, as it leaves: `x-skiff-deadline-ms` (and
// `grpc-timeout`), `x-skiff-attempt`. The codec writes it behind the request's own fields, so that
// no wait for a connection is forgotten.
struct HopFields {
  std::int32_t left_ms = -1;     // -1: no deadline is told.
  std::uint16_t attempt = 1;     // Told above 1.
  bool as_grpc_timeout = false;  // left_ms too.
};

// For an attempt that is in Marks::attempts already.
inline HopFields hop_fields_of(const Exchange& exchange, TimePoint now) {
  constexpr std::int64_t most_ms = 99'999'999;  // Eight digits, as gRPC has them.
  HopFields fields;
  const Deadlines& deadlines = exchange.deadlines;
  if (deadlines.told != TimePoint::max()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadlines.told - now);
    fields.left_ms = static_cast<std::int32_t>(std::clamp<std::int64_t>(left.count(), 0, most_ms));
    fields.as_grpc_timeout = deadlines.told_grpc;
  }
  fields.attempt =
      static_cast<std::uint16_t>(exchange.caller_attempt + exchange.marks.attempts - 1);
  return fields;
}

}  // namespace skiff
