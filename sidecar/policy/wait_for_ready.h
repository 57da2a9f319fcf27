#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "config/schema/wait_for_ready.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/policy/pauses.h"
#include "sidecar/policy/policy_event.h"
#include "sidecar/transport/loop.h"

namespace skiff {

// Whether any endpoint of a target accepts connections, as all workers know it, and how many
// requests waited for one. Any thread.
class Readiness final {
 public:
  struct Figures {
    std::uint64_t waited = 0;   // Requests that had to wait.
    std::uint64_t in_vain = 0;  // Of these: that failed for the same want of an endpoint.
    std::uint64_t full = 0;     // That would have waited, but too many did.
    std::uint32_t waiting = 0;  // Now, or sent since, and neither answered nor failed.
  };

  // Both outlive it.
  Readiness(const std::string& subject, const OnPolicyEvent& tell)
      : subject_(subject), tell_(tell) {}

  bool is_lost() const { return lost_.load(std::memory_order_relaxed); }
  // None of so many endpoints accepts a connection, or one does again. An event where that is news.
  void lost(std::size_t endpoints);
  void found();

  void began() {
    waited_.fetch_add(1, std::memory_order_relaxed);
    waiting_.fetch_add(1, std::memory_order_relaxed);
  }
  void ended() { waiting_.fetch_sub(1, std::memory_order_relaxed); }
  void was_in_vain() { in_vain_.fetch_add(1, std::memory_order_relaxed); }
  void was_full() { full_.fetch_add(1, std::memory_order_relaxed); }
  Figures figures() const;

 private:
  const std::string& subject_;
  const OnPolicyEvent& tell_;
  std::atomic<bool> lost_ = false;
  std::atomic<std::uint32_t> waiting_ = 0;
  std::atomic<std::uint64_t> waited_ = 0;
  std::atomic<std::uint64_t> in_vain_ = 0;
  std::atomic<std::uint64_t> full_ = 0;
  std::atomic<std::uint64_t> waited_before_ = 0;  // When it was lost.
};

// What one worker knows of a target's endpoints.
class EndpointsSeen {
 public:
  // The last connection to each that may be chosen was refused, or there is none.
  virtual bool none_accepts() const = 0;
  virtual std::size_t count() const = 0;  // Of those.

 protected:
  ~EndpointsSeen() = default;
};

// What waiting needs; outlives it.
struct ReadyTools {
  Loop& loop;
  Pauses& pauses;
  const EndpointsSeen& endpoints;
  Readiness& readiness;
};

// Holds a request that failed because no endpoint accepted its connection, for at most `maxWait`:
//
//   sent --no connection was made--> waiting --its turn--> sent
//                                    waiting --maxWait is over--> it fails, as it had at first
//
// One of those that wait is sent each `interval`, the one that has waited longest, and two more for
// each that was answered, so that who has just begun to serve is not given all at once. While some
// wait and no endpoint is known to accept, others wait behind them without having been sent.
// What a breaker or the budget of retries refuses waits too where no endpoint accepts or others
// wait, unless the breaker refuses for longer.
//
// Only what is proved to be unread waits, so that nothing is done twice whatever the method.
//
// One worker's. Source: gRPC, "Wait for Ready" (doc/wait-for-ready.md); the growth is that of TCP's
// slow start (RFC 5681, 3.1).
class WaitForReady final : public Forwarder {
 public:
  WaitForReady(const ReadyTools& tools, Forwarder& inner);
  ~WaitForReady() override;
  WaitForReady(const WaitForReady&) = delete;
  WaitForReady& operator=(const WaitForReady&) = delete;

  // Nothing: who fails, fails. Those that wait go on as they began.
  void configure(const std::optional<WaitForReadyConfig>& config) { config_ = config; }

  void forward(Exchange& exchange, Reply& reply) override {
    config_ ? begin(exchange, reply) : inner_.forward(exchange, reply);
  }

 private:
  class Call;
  class Line;

  void begin(Exchange& exchange, Reply& reply);
  bool others_wait() const;
  // An endpoint has accepted a connection.
  void found();
  void let_go(std::size_t more);

  const ReadyTools tools_;
  Forwarder& inner_;
  std::optional<WaitForReadyConfig> config_;
  std::unique_ptr<Line> line_;  // Null: nobody ever waited.
};

}  // namespace skiff
