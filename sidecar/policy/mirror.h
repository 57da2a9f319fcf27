#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "sidecar/http/forwarder.h"
#include "sidecar/policy/own_calls.h"

namespace skiff {

// Of one target, as one that gets copies; by all workers.
struct MirrorCounts {
  std::atomic<std::uint64_t> answered = 0;
  std::atomic<std::uint64_t> failed = 0;     // No answer: no connection, a timeout, a policy.
  std::atomic<std::uint64_t> not_whole = 0;  // Not sent: the body was not whole when it was due.
  std::atomic<std::uint64_t> too_many = 0;   // Not sent: too much was under way.

  bool is_used() const { return answered + failed + not_whole + too_many > 0; }
};

// Whether it says of itself that it is one that a mirror gets.
bool is_copy(const Request& request);

// Sends copies of requests to other targets, of one worker. What becomes of a copy changes nothing
// for the request, and it costs the request no time: it leaves when the request has its answer, or
// has failed, or was given up. Its answer is read and forgotten.
//
//   copied --the request has its answer--> sent --answered or failed--> over
//      `--its body is not at hand, or too much is under way--> over
//
// A body is copied where all of it is in the request's Replay by then. A copy says what it is
// (`x-skiff-mirror: 1`), is `sheddable`, and is not copied again, nor is the retry of a sidecar in
// front of us. It has the time that its target's policy gives, and no retries.
class Mirrors final {
 public:
  static constexpr std::size_t most = 256;                       // Copies at a time.
  static constexpr std::size_t most_bytes = 4 * 1024 * 1024;     // Of their bodies.
  static constexpr Duration longest = std::chrono::seconds(60);  // Where its target says nothing.

  // `calls` outlives it.
  explicit Mirrors(OwnCalls& calls) : calls_(calls) {}
  Mirrors(const Mirrors&) = delete;
  Mirrors& operator=(const Mirrors&) = delete;

  // A copy of the request's head as it is now, for follow(). Null: there is none to be made.
  Exchange* copy(const Exchange& exchange, MirrorCounts& counts);

  // Sends `copy` to `to` when the time has come. Returns whom the exchange's answer is to be told,
  // who tells `reply`. `to` and `counts` live as long as the copy's exchange.
  Reply& follow(Exchange& exchange, Reply& reply, Exchange& copy, Forwarder& to,
                MirrorCounts& counts);

 private:
  class Waiting;
  struct Sent;

  void send(const Exchange& exchange, Exchange& copy, Forwarder& to, MirrorCounts& counts);
  void drop(Exchange& copy);

  OwnCalls& calls_;
  std::size_t count_ = 0;  // Copies that were made and are not over.
  std::size_t bytes_ = 0;
};

}  // namespace skiff
