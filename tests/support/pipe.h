#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <span>
#include <string>

#include "sidecar/transport/transport.h"

namespace skiff::test {

// One direction of a Pipe.
struct PipeWay {
  std::size_t per_turn = std::string::npos;  // Bytes that arrive in one deliver().
  std::size_t capacity = std::string::npos;  // Bytes on the way and unread; more is refused.
  std::string log;                           // All that was ever sent.
  int sends = 0;                             // Calls that took bytes.
  int receives = 0;                          // Calls, fruitless ones too.

  std::string flight;
  std::string arrived;
  bool fin = false;
  bool fin_arrived = false;
  bool cut = false;
  bool read_edge = false;
  bool write_edge = false;
  std::uint64_t acknowledged = 0;
  TransportUser* reader = nullptr;
  TransportUser* writer = nullptr;
  bool reader_waits = false;
  bool writer_waits = false;
};

// A transport that sends one way and reads the other.
class PipeEnd final : public Transport {
 public:
  PipeEnd(PipeWay& out, PipeWay& in) : out_(out), in_(in) {}

  void set_user(TransportUser& user) override {
    in_.reader = &user;
    out_.writer = &user;
  }

  IoResult receive(char* to, std::size_t size) override {
    ++in_.receives;
    if (in_.cut) return {IoResult::Kind::error, 0, ECONNRESET};
    if (in_.arrived.empty()) return {in_.fin_arrived ? IoResult::Kind::end : IoResult::Kind::again};
    const std::size_t count = in_.arrived.copy(to, size);
    in_.arrived.erase(0, count);
    in_.write_edge = true;
    return {IoResult::Kind::done, count};
  }

  IoResult peek(char* to, std::size_t size) override {
    if (in_.arrived.empty()) return {in_.fin_arrived ? IoResult::Kind::end : IoResult::Kind::again};
    return {IoResult::Kind::done, in_.arrived.copy(to, size)};
  }

  IoResult send(std::span<const iovec> pieces) override {
    if (out_.cut || out_.fin) return {IoResult::Kind::error, 0, EPIPE};
    std::size_t taken = 0;
    for (const iovec& piece : pieces) {
      const std::size_t held = out_.flight.size() + out_.arrived.size();
      const std::size_t room = out_.capacity - std::min(out_.capacity, held);
      const std::size_t count = std::min(piece.iov_len, room);
      out_.flight.append(static_cast<const char*>(piece.iov_base), count);
      out_.log.append(static_cast<const char*>(piece.iov_base), count);
      taken += count;
    }
    if (taken == 0) return {};
    ++out_.sends;
    return {IoResult::Kind::done, taken};
  }

  void wait_readable() override { in_.reader_waits = true; }
  void wait_writable() override { out_.writer_waits = true; }
  void end_sending() override { out_.fin = true; }
  void reset() override { out_.cut = in_.cut = true; }
  bool acknowledged_beyond(std::uint64_t sent) override { return out_.acknowledged > sent; }
  void dispose() override {
    out_.fin = true;
    in_.reader = out_.writer = nullptr;
    delete this;
  }

 private:
  PipeWay& out_;
  PipeWay& in_;
};

// Two connected transports in memory, as strict as the kernel's: edges come once, and only when the
// test lets bytes arrive. Whoever waits without having read until a short count waits for ever.
class Pipe final {
 public:
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  TransportPtr client() { return TransportPtr(new PipeEnd(to_server_, to_client_)); }
  TransportPtr server() { return TransportPtr(new PipeEnd(to_client_, to_server_)); }

  PipeWay& to_server() { return to_server_; }
  PipeWay& to_client() { return to_client_; }

  // Lets bytes arrive and tells of edges. False: nothing happened.
  bool deliver() {
    const bool one = arrive(to_server_);
    const bool other = arrive(to_client_);
    const bool told = tell(to_server_);
    return tell(to_client_) || told || one || other;
  }

 private:
  static bool arrive(PipeWay& way) {
    const std::size_t count = std::min(way.per_turn, way.flight.size());
    way.arrived.append(way.flight, 0, count);
    way.flight.erase(0, count);
    way.acknowledged += count;
    const bool fin = way.fin && way.flight.empty() && !way.fin_arrived;
    way.fin_arrived = way.fin_arrived || fin;
    if (count == 0 && !fin) return false;
    way.read_edge = true;
    return true;
  }

  static bool tell(PipeWay& way) {
    bool told = false;
    if (way.read_edge && way.reader_waits && way.reader != nullptr) {
      way.read_edge = way.reader_waits = false;
      way.reader->readable();
      told = true;
    }
    if (way.write_edge && way.writer_waits && way.writer != nullptr) {
      way.write_edge = way.writer_waits = false;
      way.writer->writable();
      told = true;
    }
    return told;
  }

  PipeWay to_server_;
  PipeWay to_client_;
};

}  // namespace skiff::test
