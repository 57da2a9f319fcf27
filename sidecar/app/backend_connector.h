#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sidecar/app/mesh_identity.h"
#include "sidecar/app/speaks.h"
#include "sidecar/codec/http2_client.h"
#include "sidecar/http/connection.h"
#include "sidecar/observe/handshake_counters.h"
#include "sidecar/transport/loop.h"
#include "sidecar/transport/tcp.h"

namespace skiff {

// What the connectors of one worker share; outlives them and their connections.
struct ConnectorContext {
  Loop& loop;
  const Http2ClientSettings& settings;  // Connections of HTTP/1.1 take its `limits`.
  const MeshIdentity& identity;
  HandshakeCounters& handshakes;
  // Only tests have another than begin_tcp_connect() of transport/tcp.h.
  std::function<TransportPtr(Loop& loop, const SocketAddress& to)> dial = begin_tcp_connect;
};

// Whether and whom the connections of one target are to trust.
struct BackendTls {
  bool secure = false;                  // Mutual TLS; without an identity of ours no connection.
  std::vector<std::string> identities;  // Whom the endpoint may prove to be, `spiffe://…`.
  std::string scope;                    // TlsRequest::session_scope.
};

// Makes connections to one address: TCP, mutual TLS where the target asks for it, and what is
// spoken.
class BackendConnector final : public Connector {
 public:
  // All outlive it and its connections.
  BackendConnector(const ConnectorContext& context, const SocketAddress& to, Speaks speaks,
                   const BackendTls& tls)
      : context_(context), to_(to), speaks_(speaks), tls_(tls) {}

  std::unique_ptr<Attempt> connect(Duration timeout, ConnectionOwner& owner, Done& done) override;

 private:
  const ConnectorContext& context_;
  SocketAddress to_;
  const Speaks speaks_;
  const BackendTls& tls_;
};

}  // namespace skiff
