#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "sidecar/codec/http1_parser.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/transport/loop.h"
#include "sidecar/transport/transport.h"

namespace skiff {

// Of one connection that speaks HTTP/2, beside what holds for HTTP/1.x too (header bytes and count,
// where dropped fields and crumbs of cookies count as well).
struct Http2Limits {
  std::uint32_t concurrent_streams = 1'000;  // A server's; more are refused, and may be retried.
  std::uint32_t stream_window = 256 * 1024;  // Bytes of a body that may come before they are taken.
  std::uint32_t connection_window = 4 * 1024 * 1024;
  // Frames that serve nothing (empty DATA, PRIORITY, SETTINGS, PING, interim answers …; resets that
  // name an error of the peer's; twice, resets of the peer's beyond the number of whole answers):
  // so many at once, and so many a second; more end the connection with ENHANCE_YOUR_CALM.
  std::uint32_t glitch_burst = 1'000;
  std::uint32_t glitches_per_second = 100;
  std::uint32_t write_buffer = 1024 * 1024;  // Bytes waiting for a peer that does not read.
};

// What all connections of one listener share; outlives them.
struct ServerSettings {
  Http1Limits limits;
  Http2Limits http2{};
  std::uint64_t body_bytes = 0;               // 0: no limit.
  std::uint32_t requests_per_connection = 0;  // 0: no limit.
  Duration request_headers = std::chrono::seconds(10);
  Duration connection_idle = std::chrono::hours(1);
  Duration stream_idle = std::chrono::minutes(5);
  Duration half_closed = std::chrono::seconds(5);  // HTTP/1.x; 0: no limit.
  Duration connection_age{};  // HTTP/2: then GOAWAY, jittered by a tenth; 0: no limit.
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

// Who is at the other end of a client's connection.
struct Peer {
  Peer(std::string its_address, const std::string& meant = {})
      : address(std::move(its_address)),
        captured_for(meant.empty() ? nullptr : std::make_unique<const std::string>(meant)) {}

  // Where it meant to go, with the port, if it was captured; else empty.
  std::string_view destination() const {
    return captured_for == nullptr ? std::string_view{} : *captured_for;
  }

  std::string address;                              // Without port.
  std::unique_ptr<const std::string> captured_for;  // Seldom, and there are many connections.
};

// Speaks HTTP/1.x.
std::unique_ptr<ServerConnection> make_http1_server(const ServerContext& context,
                                                    TransportPtr transport, Peer peer);

// Speaks HTTP/2, from the client's preface on.
std::unique_ptr<ServerConnection> make_http2_server(const ServerContext& context,
                                                    TransportPtr transport, Peer peer);

// Speaks nothing: the connection is one exchange of Version::bytes, whose body is what comes, and
// whose answer's body is what goes back, each side ending by itself. `server_name` is the SNI that
// a TLS client names, else empty; it is the request's authority, and makes its scheme `tls` instead
// of `tcp`.
std::unique_ptr<ServerConnection> make_tcp_server(const ServerContext& context,
                                                  TransportPtr transport, Peer peer,
                                                  std::string server_name);

}  // namespace skiff
