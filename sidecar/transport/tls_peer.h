#pragma once

#include <string>

#include "sidecar/transport/tls.h"
#include "sidecar/transport/tls_record_key.h"
#include "sidecar/transport/verified_chains.h"

namespace skiff {

// What OpenSSL's callbacks find of a connection, and what stays of its handshake.
struct TlsPeer {
  TlsContextPtr context;
  TlsRequest request;    // Empty after the handshake but for role and session_scope.
  std::string identity;  // Verified.
  ChainDigest chain{};   // What it has shown, now or in the handshake that is resumed.
  std::string protocol;  // Agreed on.
  // What the records are sealed with, until they are ours; and whether it is out of date already.
  TlsSecret client_secret;
  TlsSecret server_secret;
  bool keys_changed = false;
  bool has_session = false;  // A client's: one to be resumed has come.
  TlsFailure failure = TlsFailure::none;
  std::string detail;
};

}  // namespace skiff
