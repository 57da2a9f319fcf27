#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "base/counter.h"
#include "sidecar/http/error.h"
#include "sidecar/transport/tls.h"

namespace skiff {

// A handshake's end as a reason; `none` is none.
ErrorKind error_kind(TlsFailure failure);

// One thread's TLS handshakes by our role and their end: that thread writes, any thread reads.
class HandshakeCounters final {
 public:
  static constexpr std::size_t ends = static_cast<std::size_t>(TlsFailure::count_);

  Counter& of(TlsRequest::Role role, TlsFailure end) {
    return counters_[static_cast<std::size_t>(role)][static_cast<std::size_t>(end)];
  }
  const Counter& of(TlsRequest::Role role, TlsFailure end) const {
    return counters_[static_cast<std::size_t>(role)][static_cast<std::size_t>(end)];
  }

 private:
  std::array<std::array<Counter, ends>, 2> counters_;
};

}  // namespace skiff
