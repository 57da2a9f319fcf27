#pragma once

#include <string>

#include "sidecar/transport/tls.h"
#include "sidecar/transport/verified_chains.h"

namespace skiff {

// What OpenSSL's callbacks find of a connection, and what stays of its handshake.
struct TlsPeer {
  TlsContextPtr context;
  TlsRequest request;    // Empty after the handshake but for role and session_scope.
  std::string identity;  // Verified.
  ChainDigest chain{};   // What it has shown, now or in the handshake that is resumed.
  TlsFailure failure = TlsFailure::none;
  std::string detail;
};

}  // namespace skiff
