#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace skiff {

// What one try to read or write gave.
struct IoResult {
  enum class Kind : std::uint8_t {
    done,   // `size` bytes; of a write perhaps not all.
    again,  // Nothing now; wait.
    end,    // The peer sends no more (reads only).
    error,  // The connection is lost; `error` is the errno.
  };
  Kind kind = Kind::again;
  std::size_t size = 0;
  int error = 0;
};

// Whoever holds a transport. Each call follows one wait_…(). May close the transport meanwhile.
class TransportUser {
 public:
  virtual void readable() = 0;
  virtual void writable() = 0;

 protected:
  ~TransportUser() = default;
};

// One connection's bytes: TCP, or TLS over it. Tests have a scripted one (tests/support).
// Used by one worker. Nothing blocks.
class Transport {
 public:
  virtual ~Transport() = default;

  virtual void set_user(TransportUser& user) = 0;

  virtual IoResult receive(char* to, std::size_t size) = 0;
  virtual IoResult send(std::span<const iovec> pieces) = 0;
  // Looks at the first bytes without taking them. Whoever is the user from then on is told
  // readable() at its first wait_readable(), although the edge was seen before its time.
  virtual IoResult peek(char* to, std::size_t size) = 0;

  // Asks for one readable() or writable(). It is edge triggered: read until a short read, or until
  // `again`, before waiting. Waiting twice asks once.
  virtual void wait_readable() = 0;
  virtual void wait_writable() = 0;

  virtual void end_sending() = 0;  // FIN: the peer reads the end.
  virtual void reset() = 0;        // Closing will be an RST: the peer must not take it for an end.

  // Whether the peer's kernel has acknowledged anything behind the first `sent` bytes that were
  // sent on this connection. False, together with an orderly `end`, proves that the peer's program
  // had stopped before it could read any of it. (Not with an error: an RST may come from a program
  // that has read, and whose acknowledgement was still to come.)
  virtual bool acknowledged_beyond(std::uint64_t sent) = 0;

  // Who the peer has proved to be, as `spiffe://…`; empty: it has proved nothing.
  virtual std::string_view peer_identity() const { return {}; }
  // What was agreed on to be spoken (ALPN: `h2`, `http/1.1`); empty: nothing was.
  virtual std::string_view agreed_protocol() const { return {}; }

  // Nothing is expected for a while: memory that only traffic needs can go.
  virtual void rest() {}

  // Closes, and destroys this object as soon as nothing refers to it any more.
  virtual void dispose() = 0;
};

struct DisposeTransport {
  void operator()(Transport* transport) const { transport->dispose(); }
};
using TransportPtr = std::unique_ptr<Transport, DisposeTransport>;

}  // namespace skiff
