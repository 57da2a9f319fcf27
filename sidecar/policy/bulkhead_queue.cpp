#include "sidecar/policy/bulkhead_queue.h"

#include <mutex>

namespace skiff {

// ---- BulkheadInbox

bool BulkheadInbox::put(BulkheadWaiter& waiter, bool granted) {
  const std::lock_guard guard(lock_);
  const bool was_empty = told_.empty();
  waiter.place_ = BulkheadWaiter::Place::inbox;
  waiter.granted_ = granted;
  told_.append(waiter);
  return was_empty;
}

BulkheadWaiter* BulkheadInbox::take() {
  const std::lock_guard guard(lock_);
  BulkheadWaiter* const waiter = told_.first();
  if (waiter == nullptr) return nullptr;
  told_.remove(*waiter);
  waiter->place_ = BulkheadWaiter::Place::nowhere;
  return waiter;
}

void BulkheadInbox::remove(BulkheadWaiter& waiter) {
  const std::lock_guard guard(lock_);
  told_.remove(waiter);
  waiter.place_ = BulkheadWaiter::Place::nowhere;
}

// ---- BulkheadQueue

void BulkheadQueue::add(BulkheadWaiter& waiter, Criticality criticality) {
  waiter.place_ = BulkheadWaiter::Place::queue;
  waiter.criticality_ = criticality;
  lists_[static_cast<std::size_t>(criticality)].append(waiter);
  ++size_;
}

void BulkheadQueue::remove(BulkheadWaiter& waiter) {
  waiter.place_ = BulkheadWaiter::Place::nowhere;
  lists_[static_cast<std::size_t>(waiter.criticality_)].remove(waiter);
  --size_;
}

BulkheadWaiter* BulkheadQueue::next(Order order) const {
  for (std::size_t level = levels; level-- > 0;) {
    const List& list = lists_[level];
    if (!list.empty()) return order == Order::fifo ? list.first() : list.last();
  }
  return nullptr;
}

BulkheadWaiter* BulkheadQueue::last_below(Criticality criticality, Order order) const {
  for (std::size_t level = 0; level < static_cast<std::size_t>(criticality); ++level) {
    const List& list = lists_[level];
    if (!list.empty()) return order == Order::fifo ? list.last() : list.first();
  }
  return nullptr;
}

}  // namespace skiff
