#pragma once

#include <string>

#include "sidecar/transport/certificate_check.h"
#include "sidecar/transport/tls.h"

namespace skiff {

// What OpenSSL's callbacks find of a connection, and what stays of its handshake.
struct TlsPeer {
  TlsContextPtr context;
  TlsRequest request;    // Empty after the handshake but for role and session_scope.
  std::string identity;  // Verified.
  TlsFailure failure = TlsFailure::none;
  std::string detail;
};

}  // namespace skiff
