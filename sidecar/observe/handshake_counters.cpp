#include "sidecar/observe/handshake_counters.h"

namespace skiff {

ErrorKind error_kind(TlsFailure failure) {
  if (failure == TlsFailure::none) return ErrorKind::none;
  constexpr auto first = static_cast<std::size_t>(ErrorKind::tls_failed);
  constexpr auto behind = static_cast<std::size_t>(TlsFailure::broken);
  return static_cast<ErrorKind>(first + static_cast<std::size_t>(failure) - behind);
}

}  // namespace skiff
