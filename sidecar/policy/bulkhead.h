#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/short_lock.h"
#include "config/schema/bulkhead.h"
#include "sidecar/policy/adaptive_limit.h"
#include "sidecar/policy/bulkhead_queue.h"
#include "sidecar/policy/policy_event.h"

namespace skiff {

// Limits what is in flight at one time. All workers share it: any of them may call any of its
// functions, but each waiter's only from its own thread. A decider: no I/O, told the time.
//
//   admit -- room --> granted -- released --> over
//   admit -- no room --> queued -- a slot is released --> granted
//                        queued -- give_up, leave, another has its place --> over
//   admit -- no room, queue full --> full
//
// Invariant: nobody waits while there is room; at most `limit` are in flight, but for those that
// were before it was lowered. A slot that is released goes to whoever is next, without ever being
// free in between, so that nobody who comes later is served before.
//
// Source: M. Nygard, "Release It!", 2nd ed., "Bulkheads"; criticality: "Site Reliability
// Engineering" (Google), ch. 21, "Handling Overload".
class alignas(64) Bulkhead final {
 public:
  enum class Verdict : std::uint8_t { granted, queued, full };

  // For metrics; of one moment.
  struct Figures {
    std::uint32_t in_use = 0;
    std::uint32_t queued = 0;
    std::uint32_t limit = 0;
    bool adaptive = false;
  };

  // `subject` as in PolicyEvent; changes are told to `tell`.
  Bulkhead(std::string subject, const BulkheadLimitConfig& config, OnPolicyEvent tell);
  Bulkhead(const Bulkhead&) = delete;
  Bulkhead& operator=(const Bulkhead&) = delete;

  // Where there is room and nobody waits: takes a slot. Else does nothing.
  bool try_admit() {
    const std::lock_guard guard(lock_);
    return take_free_slot();
  }

  // The same; else `waiter` is queued, or refused where the queue is full and nobody in it matters
  // less than `criticality`. Of a queued one the inbox hears, unless it goes by itself before.
  Verdict admit(BulkheadWaiter& waiter, Criticality criticality, TimePoint now);
  // Its time is over. False: it is not queued any more; the inbox has what became of it.
  bool give_up(BulkheadWaiter& waiter, TimePoint now);
  // It does not want any more, whatever it was told: a slot that it was given goes on.
  void leave(BulkheadWaiter& waiter, TimePoint now);

  // Once for each slot that was granted.
  void released(TimePoint now);

  // Only where adapts(): how long a request in a slot took to be answered.
  void answered(Duration latency, TimePoint now);
  bool adapts() const { return adapts_.load(std::memory_order_relaxed); }

  // From now on. Keeps who is in flight, who waits and what was learned. Nothing: no limit.
  void configure(const std::optional<BulkheadLimitConfig>& config);
  // It is for another subject now; what it learned is forgotten. Needs nobody in it.
  void rename(std::string subject);

  Milliseconds max_wait() const;
  Figures figures() const;
  // Whether a request would have to wait.
  const std::atomic<bool>& is_full() const { return full_; }

 private:
  enum class Change : std::uint8_t { none, full, room };

  bool take_free_slot() {
    if (in_use_ >= limit_ || !queue_.empty()) return false;
    full_.store(++in_use_ >= limit_, std::memory_order_relaxed);
    return true;
  }
  bool can_serve() const { return in_use_ < limit_ && !queue_.empty(); }
  BulkheadInbox* serve_next();
  void serve_all();
  void adapt_by(const BulkheadLimitConfig& config);
  void take_limit();
  Change shed(TimePoint now);
  Change look_for_room(TimePoint now);
  void tell(Change change);

  mutable ShortLock lock_;  // Guards all below but the atomics, which it is held to write.
  std::atomic<bool> full_ = false;
  std::atomic<bool> adapts_ = false;
  bool sheds_ = false;  // Has told that it is full, and not yet that it has room again.
  std::uint32_t in_use_ = 0;
  std::uint32_t limit_ = 0;
  BulkheadQueue queue_;
  BulkheadLimitConfig config_;
  std::unique_ptr<AdaptiveLimit> adaptive_;  // Null: the limit is maxConcurrent.
  std::uint64_t shed_ = 0;                   // Requests, since sheds_.
  TimePoint shed_last_{};
  std::string subject_;
  const OnPolicyEvent tell_;
};

}  // namespace skiff
