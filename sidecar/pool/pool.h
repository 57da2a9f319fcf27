#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/counter.h"
#include "sidecar/http/connection.h"
#include "sidecar/pool/idle_limit.h"
#include "sidecar/pool/waiters.h"
#include "sidecar/transport/loop.h"

namespace skiff {

struct PoolSettings {
  std::uint32_t max_connections = 1'024;
  std::uint32_t max_waiting = 1'024;
  std::uint32_t max_requests_per_connection = 0;  // 0: no limit.
  std::uint32_t max_idle = 256;
  Duration max_wait = std::chrono::seconds(1);
  Duration connect_timeout = std::chrono::seconds(1);
  Duration connection_idle = std::chrono::seconds(4);
};

// What a worker's pools count together; the worker's own counters.
struct PoolCounters {
  Counter& opened;
  Counter& failed;  // Connects.
  Counter& closed;
  Counter& open;
  Counter& idle_races;  // Requests that met a connection which was being closed.
  Counter& waits;       // Requests that found no connection free.
  Counter& waiting;
};

// The connections of one worker to one endpoint, each carrying one exchange at a time.
// The one used last is used first, so that those not needed grow old and go. Where none is free,
// one is made; where none may be made, the request waits, first come first served, within limits.
class Pool final : public Forwarder, private ConnectionOwner, private Timer, private Deferred {
 public:
  Pool(Loop& loop, Connector& connector, const PoolSettings& settings,
       const PoolCounters& counters);
  ~Pool() override;

  void forward(Exchange& exchange, Reply& reply) override;

  void configure(const PoolSettings& settings);
  void retire();  // Keeps nothing idle any more.
  bool unused() const { return connections_.empty() && waiters_.empty(); }
  std::size_t open_connections() const { return connections_.size(); }
  std::size_t idle_connections() const { return idle_.size(); }

 private:
  class Connect;

  void idle(Connection& connection) override;
  void gone(Connection& connection) override;
  void expired(TimePoint now) override;
  void run_deferred() override;

  Connection* take_idle(const Request& request);
  void wait(Exchange& exchange, Reply& reply);
  void connect_for_waiters();
  void connected(Connect& connect, std::unique_ptr<Connection> connection);
  void not_connected(Connect& connect, const Error& error);
  void forget(Connect& connect);
  void remove(Connection& connection);
  void serve();

  Loop& loop_;
  Connector& connector_;
  PoolSettings settings_;
  const PoolCounters& counters_;
  IdleLimit idle_limit_;
  std::vector<std::unique_ptr<Connection>> connections_;  // By Connection::slot.
  std::vector<Connection*> idle_;                         // The one used last is last.
  std::vector<std::unique_ptr<Connect>> connects_;
  Waiters waiters_;
  std::vector<std::unique_ptr<Connection>>
      dead_;  // Destroyed when nothing of theirs is on the stack.
  std::vector<std::unique_ptr<Connect>> dead_connects_;
  bool retired_ = false;
};

}  // namespace skiff
