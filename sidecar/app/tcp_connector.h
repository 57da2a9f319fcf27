#pragma once

#include <string>

#include "sidecar/codec/http1_parser.h"
#include "sidecar/http/connection.h"
#include "sidecar/transport/loop.h"
#include "sidecar/transport/tcp.h"

namespace skiff {

// Makes HTTP/1.1 connections over TCP to one address.
class TcpConnector final : public Connector {
 public:
  // `limits` outlives the connections.
  TcpConnector(Loop& loop, const SocketAddress& to, const Http1Limits& limits)
      : loop_(loop), to_(to), limits_(limits) {}

  std::unique_ptr<Attempt> connect(Duration timeout, ConnectionOwner& owner, Done& done) override;

 private:
  Loop& loop_;
  SocketAddress to_;
  const Http1Limits& limits_;
};

}  // namespace skiff
