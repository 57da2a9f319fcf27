#pragma once

#include <cstdint>
#include <memory>

#include "sidecar/codec/http1_parser.h"
#include "sidecar/http/connection.h"
#include "sidecar/transport/loop.h"
#include "sidecar/transport/tcp.h"

namespace skiff {

// Makes connections over TCP to one address.
class TcpConnector final : public Connector {
 public:
  enum class Speaks : std::uint8_t { http1, bytes };

  // `limits` outlives the connections.
  TcpConnector(Loop& loop, const SocketAddress& to, Speaks speaks, const Http1Limits& limits)
      : loop_(loop), to_(to), speaks_(speaks), limits_(limits) {}

  std::unique_ptr<Attempt> connect(Duration timeout, ConnectionOwner& owner, Done& done) override;

 private:
  Loop& loop_;
  SocketAddress to_;
  const Speaks speaks_;
  const Http1Limits& limits_;
};

}  // namespace skiff
