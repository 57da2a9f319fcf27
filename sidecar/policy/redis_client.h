#pragma once

#include <hiredis/read.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sidecar/transport/loop.h"
#include "sidecar/transport/transport.h"

namespace skiff {

// What Redis said to one command: an error, or an array of numbers. Anything else is an error too.
struct RedisReply {
  static constexpr std::size_t most_numbers = 8;

  bool is_error = true;
  std::string error{};  // How it begins: `NOSCRIPT No matching script`.
  std::array<std::int64_t, most_numbers> numbers{};
  std::size_t count = 0;
};

// One connection to a Redis, of one worker: commands are answered in their order, so any number may
// be under way, up to a limit. What is sent in one turn of the loop goes by one system call.
//
//   none -- send() --> connecting --> ready      both -- it breaks --> resting -- a while --> none
//
// A while: from `first_rest` on doubling to `longest_rest`, less up to half of it by chance; a
// reply begins anew. Where a command waited too long (late()) nothing else is sent until Redis
// replies; what is not sent cannot be counted by a Redis that comes back to life. If it does not
// reply within `patience`, the connection is broken off.
class RedisClient final : private TransportUser, private Timer, private Deferred {
 public:
  // Who sent a command.
  class Waiter {
   public:
    virtual void replied(const RedisReply& reply) = 0;
    virtual void lost() = 0;  // No reply will come.

   protected:
    ~Waiter() = default;
  };
  using Ticket = std::uint64_t;

  // How to connect; tests have another way.
  struct Dialer {
    std::function<TransportPtr()> begin;  // Null: it cannot even begin.
    // Of a transport that became writable: 0: connected; EINPROGRESS: not yet; else it failed.
    std::function<int(Transport&)> error;
  };

  static constexpr Duration first_rest = std::chrono::milliseconds(50);
  static constexpr Duration longest_rest = std::chrono::seconds(2);
  static constexpr Duration patience = std::chrono::seconds(1);

  // `loop` outlives it.
  RedisClient(Loop& loop, Dialer dialer) : loop_(loop), dialer_(std::move(dialer)) {}
  ~RedisClient();
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  // Sends a command. False: Redis is not to be had now, or `most_waiting` commands are under way.
  // Else `waiter` is told what becomes of it, not within this call, unless it leaves before.
  bool send(std::span<const std::string_view> words, std::size_t most_waiting, Waiter& waiter,
            Ticket& ticket);
  void leave(Ticket ticket);  // Its reply is not wanted any more.
  void late(Ticket ticket);   // Leaves, as the reply took too long.

  std::size_t waiting() const { return waiting_.size() - first_; }

 private:
  enum class State { none, connecting, ready, resting };
  struct FreeReader {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };

  void readable() override;
  void writable() override;
  void expired(TimePoint now) override;
  void run_deferred() override { flush(); }

  void connect();
  void flush();
  void take_replies();
  void tell();
  void let_go();
  void break_off();

  Loop& loop_;
  const Dialer dialer_;
  State state_ = State::none;
  bool stalled_ = false;  // Redis owes a reply for too long.
  Duration rest_ = first_rest;
  TransportPtr transport_;
  std::unique_ptr<redisReader, FreeReader> reader_;
  RedisReply reply_;    // What was read of the next one.
  std::string output_;  // From `sent_` on not sent yet.
  std::size_t sent_ = 0;
  std::vector<Waiter*> waiting_;  // From `first_` on, in the order of commands; null: has left.
  std::size_t first_ = 0;
  Ticket first_ticket_ = 0;  // Of waiting_[first_].
};

}  // namespace skiff
