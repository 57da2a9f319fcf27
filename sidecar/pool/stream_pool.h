#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sidecar/http/connection.h"
#include "sidecar/pool/pool.h"
#include "sidecar/pool/waiters.h"
#include "sidecar/transport/loop.h"

namespace skiff {

struct StreamPoolSettings {
  // max_connections, max_waiting, max_requests_per_connection, max_wait, connect_timeout and
  // connection_idle. Connections that only end what they carry count apart: as many again.
  PoolSettings pool;
  // Another connection is made when all carry so many exchanges (or as many as the peer allows).
  std::uint32_t streams_per_connection = 100;
  bool keep_warm = true;  // Once there was one, one stays open while the endpoint is in use.
};

// The connections of one worker to one endpoint that each carry many exchanges. An exchange goes to
// the one that carries most while it has room, so that the others can grow idle and go.
//
// An exchange waits only where no connection has room, first come first served, within limits. All
// who wait share as few new connections as can carry them, and fail with the one that fails. The
// last connection that has room does not go for lying idle; where it closes or ages while the
// endpoint is in use, the next one is made at once, before a request needs it.
class StreamPool final : public Forwarder,
                         private ConnectionOwner,
                         private Timer,
                         private Deferred {
 public:
  StreamPool(Loop& loop, Connector& connector, const StreamPoolSettings& settings,
             const PoolCounters& counters);
  ~StreamPool() override;

  void forward(Exchange& exchange, Reply& reply) override;

  void configure(const StreamPoolSettings& settings) { settings_ = settings; }
  void retire();  // Keeps no connection any more that carries nothing.
  bool unused() const { return members_.empty() && waiters_.empty(); }
  std::size_t open_connections() const { return members_.size(); }

 private:
  class Connect;
  struct Member {
    std::unique_ptr<Connection> connection;
    std::uint32_t carried = 0;
  };

  void idle(Connection& connection) override;
  void gone(Connection& connection) override;
  void room_changed(Connection& connection) override;
  void expired(TimePoint now) override;
  void run_deferred() override;

  Connection* choose();
  Connection* take(const Request& request);
  void start(Connection& connection, Exchange& exchange, Reply& reply);
  void wait(Exchange& exchange, Reply& reply);
  void serve();

  bool may_connect() const;
  std::size_t unplaced() const;
  void open_more();
  void stay_warm();
  void connected(Connect& connect, std::unique_ptr<Connection> connection);
  void not_connected(Connect& connect, const Error& error);
  void forget(Connect& connect);
  void remove(Connection& connection);

  Loop& loop_;
  Connector& connector_;
  StreamPoolSettings settings_;
  const PoolCounters& counters_;
  std::vector<Member> members_;  // By Connection::slot.
  std::vector<std::unique_ptr<Connect>> connects_;
  Waiters waiters_;
  // Destroyed when nothing of theirs is on the stack.
  std::vector<std::unique_ptr<Connection>> dead_;
  std::vector<std::unique_ptr<Connect>> dead_connects_;
  TimePoint last_used_{};    // When an exchange was last begun.
  TimePoint ahead_after_{};  // Before it, none is made that nobody waits for.
  bool retired_ = false;
};

}  // namespace skiff
