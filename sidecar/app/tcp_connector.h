#pragma once

#include <cstdint>

#include "sidecar/codec/http2_client.h"
#include "sidecar/http/connection.h"
#include "sidecar/transport/loop.h"
#include "sidecar/transport/tcp.h"

namespace skiff {

// What is spoken on a connection to a backend; HTTP/2 without asking first (RFC 9113, 3.3).
enum class BackendSpeaks : std::uint8_t { http1, http2, bytes };

// Makes connections over TCP to one address.
class TcpConnector final : public Connector {
 public:
  // `settings` outlives the connections; those of HTTP/1.1 take its `limits`.
  TcpConnector(Loop& loop, const SocketAddress& to, BackendSpeaks speaks,
               const Http2ClientSettings& settings)
      : loop_(loop), to_(to), speaks_(speaks), settings_(settings) {}

  std::unique_ptr<Attempt> connect(Duration timeout, ConnectionOwner& owner, Done& done) override;

 private:
  Loop& loop_;
  SocketAddress to_;
  const BackendSpeaks speaks_;
  const Http2ClientSettings& settings_;
};

}  // namespace skiff
