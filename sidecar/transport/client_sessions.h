#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "base/openssl_handles.h"
#include "sidecar/transport/verified_chains.h"

namespace skiff {

// A session that a client may resume, and whom it was with.
struct ClientSession {
  SslSessionPtr session;
  ChainDigest chain{};
};

// The newest session of each scope (TlsRequest::session_scope). Each is used once, so that nobody
// who watches can tell that two connections are of one client (RFC 8446, C.4).
class ClientSessions final {
 public:
  static constexpr std::size_t most = 256;  // Scopes; then one makes room, whichever.

  void keep(const std::string& scope, ClientSession session);
  ClientSession take(const std::string& scope);  // Without session where there is none.

  std::size_t size() const { return sessions_.size(); }

 private:
  std::map<std::string, ClientSession> sessions_;
};

}  // namespace skiff
