#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/linked_list.h"
#include "base/short_lock.h"
#include "config/schema/bulkhead.h"

namespace skiff {

class BulkheadInbox;

// A request that waits for room in a bulkhead: its own entry in the queue, then in the inbox of its
// worker. While it is in the queue only the bulkhead touches it, under its lock; while it is in the
// inbox only the inbox does.
class BulkheadWaiter {
 public:
  // `inbox` outlives it.
  explicit BulkheadWaiter(BulkheadInbox& inbox) : inbox_(inbox) {}
  BulkheadWaiter(const BulkheadWaiter&) = delete;
  BulkheadWaiter& operator=(const BulkheadWaiter&) = delete;

  // What it was told, once it was taken from the inbox: room, or that another has its place.
  bool granted() const { return granted_; }

 protected:
  ~BulkheadWaiter() = default;

 private:
  friend class Bulkhead;
  friend class BulkheadInbox;
  friend class BulkheadQueue;
  enum class Place : std::uint8_t { nowhere, queue, inbox };

  BulkheadInbox& inbox_;
  Links<BulkheadWaiter> links_;
  Place place_ = Place::nowhere;
  Criticality criticality_ = Criticality::normal;
  bool granted_ = false;
};

// What became of the waiters of one worker. Bulkheads put them in from any thread, the worker takes
// them out.
class BulkheadInbox final {
 public:
  // `wake` has the worker take() soon; any thread calls it, outside any lock.
  explicit BulkheadInbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  // True: it was empty, so that wake() is due.
  bool put(BulkheadWaiter& waiter, bool granted);
  void wake() const { wake_(); }

  // Of the worker only.
  BulkheadWaiter* take();               // The oldest; null: there is none.
  void remove(BulkheadWaiter& waiter);  // Needs one that is in it.

 private:
  const std::function<void()> wake_;
  ShortLock lock_;  // Guards the list.
  LinkedList<BulkheadWaiter, &BulkheadWaiter::links_> told_;
};

// Who waits for one bulkhead, which guards it. What matters more is served before what matters
// less; among equals it is the order that counts.
class BulkheadQueue final {
 public:
  using Order = BulkheadLimitConfig::Order;

  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void add(BulkheadWaiter& waiter, Criticality criticality);
  void remove(BulkheadWaiter& waiter);
  // Who is to be served; null where nobody waits.
  BulkheadWaiter* next(Order order) const;
  // Who would be served last of those who matter least, if less than `criticality`; else null.
  BulkheadWaiter* last_below(Criticality criticality, Order order) const;

 private:
  static constexpr std::size_t levels = 3;
  using List = LinkedList<BulkheadWaiter, &BulkheadWaiter::links_>;  // The oldest first.

  std::array<List, levels> lists_;  // By criticality.
  std::uint32_t size_ = 0;
};

}  // namespace skiff
