#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/counter.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/transport/loop.h"

namespace skiff {

// Requests that wait for a connection to one endpoint, first come first served. Each leaves by
// being taken, by failing, or by its client's going away.
class Waiters final : private Deferred {
 public:
  struct Waiting {
    Exchange& exchange;
    Reply& reply;
  };

  // `waits` counts all who ever waited, `waiting` those who do now.
  Waiters(Loop& loop, Counter& waits, Counter& waiting);
  ~Waiters();

  bool empty() const { return queue_.empty(); }
  std::size_t size() const { return queue_.size(); }

  // Fails with pool_timeout after `limit`; zero: waits for as long as it takes.
  void add(Exchange& exchange, Reply& reply, Duration limit);
  Waiting take();  // The oldest. Needs one.
  // Who comes while they are told waits on.
  void fail_oldest(std::size_t count, const Error& error);

 private:
  class Waiter;

  void run_deferred() override;
  void remove(Waiter& waiter);

  Loop& loop_;
  Counter& waits_;
  Counter& waiting_;
  std::uint64_t came_ = 0;
  std::vector<std::unique_ptr<Waiter>> queue_;  // The oldest first.
  std::vector<std::unique_ptr<Waiter>> gone_;   // Destroyed when nothing of theirs is on the stack.
};

}  // namespace skiff
