#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "sidecar/codec/http1_parser.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/transport/loop.h"
#include "sidecar/transport/transport.h"

namespace skiff {

// What all connections of one listener share; outlives them.
struct ServerSettings {
  Http1Limits limits;
  std::uint64_t body_bytes = 0;               // 0: no limit.
  std::uint32_t requests_per_connection = 0;  // 0: no limit.
  Duration request_headers = std::chrono::seconds(10);
  Duration connection_idle = std::chrono::hours(1);
  Duration stream_idle = std::chrono::minutes(5);
};

class ServerConnection;

// Who keeps the connections of clients.
class ServerConnectionOwner {
 public:
  // It is closed; the owner destroys it, later, outside this call.
  virtual void closed(ServerConnection& connection) = 0;
  // A request was answered with an error before it reached the first stage.
  virtual void refused(const Exchange& exchange, ErrorKind kind) = 0;

 protected:
  ~ServerConnectionOwner() = default;
};

// A connection from a client: reads requests, hands each to the first stage, writes the answers.
class ServerConnection {
 public:
  virtual ~ServerConnection() = default;

  // Closes as soon as nothing is in flight; the last answer says `Connection: close`.
  virtual void drain() = 0;
  // Closes now; what is in flight fails with `draining`.
  virtual void cut() = 0;

  ServerConnection* next = nullptr;  // The owner's list.
  ServerConnection* previous = nullptr;
};

// Where a connection belongs.
struct ServerContext {
  Loop& loop;
  Exchanges& exchanges;
  const ServerSettings& settings;
  ServerConnectionOwner& owner;
  Forwarder& entry;
};

// Speaks HTTP/1.x. `peer` is the client's address without port.
std::unique_ptr<ServerConnection> make_http1_server(const ServerContext& context,
                                                    TransportPtr transport, std::string peer);

}  // namespace skiff
