#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "sidecar/http/forwarder.h"

namespace skiff {

class Connection;

// Who keeps a connection when it carries nothing: a pool.
class ConnectionOwner {
 public:
  // It can carry another exchange; of HTTP/2, told once for each that has ended, unless by gone().
  virtual void idle(Connection& connection) = 0;
  // It is of no more use: the owner disposes of it, later, by destroying it outside this call.
  virtual void gone(Connection& connection) = 0;
  // Its room() is another than before, although no exchange has begun or ended on it.
  virtual void room_changed(Connection& connection) { static_cast<void>(connection); }

 protected:
  ~ConnectionOwner() = default;
};

// A connection to a backend: one exchange at a time, or with HTTP/2 many.
class Connection {
 public:
  virtual ~Connection() = default;

  // Sends exchange.request; `reply` is told the outcome. Needs room.
  virtual void start(Exchange& exchange, Reply& reply) = 0;

  // Looks, by one system call, whether the backend has closed it. For a request that must not meet
  // a closing connection. False: it is gone (and the owner was told).
  virtual bool still_open() = 0;

  // How many exchanges it can begin now, beside those that it carries. Of HTTP/2 the peer says how
  // many at once; 0 for good once it has said GOAWAY. HTTP/1.1: 1 while idle.
  virtual std::uint32_t room() const = 0;
  // Takes no more; closes after its last exchange, at once if it carries none.
  virtual void retire() {}

  std::uint32_t exchanges = 0;  // Begun on it so far.
  bool closing = false;         // It has no room for good, and only ends what it carries.
  TimePoint idle_since{};
  std::size_t slot = 0;  // The owner's.
};

// The way to one endpoint: makes connections.
class Connector {
 public:
  // Told once how a connect ended.
  class Done {
   public:
    virtual void connected(std::unique_ptr<Connection> connection) = 0;
    virtual void not_connected(const Error& error) = 0;

   protected:
    ~Done() = default;
  };

  // A connect under way; destroying it ends it, and then `done` is not told.
  class Attempt {
   public:
    virtual ~Attempt() = default;
  };

  virtual ~Connector() = default;

  // Begins to connect; `done` is told later, never within this call. `owner` is the connection's.
  virtual std::unique_ptr<Attempt> connect(Duration timeout, ConnectionOwner& owner,
                                           Done& done) = 0;
};

}  // namespace skiff
