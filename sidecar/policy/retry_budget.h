#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "base/short_lock.h"
#include "config/schema/retry.h"

namespace skiff {

// How many retries a target bears, so that they never add up to a storm: within each window that
// ends with a retry, retries are at most `ratio` of the requests in it and `minPerSecond` for each
// second of it. So much may come at once.
//
// Counts in tenths of the window. What lies in part outside the window counts where it is a retry,
// and does not where it is a request, so that the promise holds exactly. All workers may call it at
// once. Source: Linkerd's retry budget; GEP-3388; counted like resilience4j's time windows.
class RetryBudget final {
 public:
  explicit RetryBudget(const RetryBudgetConfig& config = {});

  // What was counted stays, but where the window is another.
  void configure(const RetryBudgetConfig& config);

  // A request, not a retry. Costs a comparison and one locked addition.
  void deposit(TimePoint now) {
    if (now >= turns_at_.load(std::memory_order_relaxed)) [[unlikely]]
      turn(now);
    requests_.fetch_add(1, std::memory_order_relaxed);
  }

  // Whether one more retry is allowed now; if so it is counted.
  bool withdraw(TimePoint now);

  // How many more would be, now.
  std::uint64_t left(TimePoint now);
  std::uint64_t granted() const { return granted_.load(std::memory_order_relaxed); }
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  static constexpr unsigned parts = 10;  // Of a window.

  struct Part {
    std::uint64_t requests = 0;
    std::uint64_t retries = 0;
  };

  void turn(TimePoint now);
  // These need lock_.
  void turn_to(TimePoint now);
  void forget();
  std::uint64_t allowance() const;

  ShortLock lock_;  // Guards all below but the atomics.
  RetryBudgetConfig config_;
  Duration part_length_{};
  std::array<Part, parts + 1> parts_{};  // A ring; the one at current_ is under way.
  unsigned current_ = 0;
  std::atomic<std::uint64_t> requests_ = 0;  // Of the part under way.
  std::atomic<TimePoint> turns_at_{};        // The end of the part under way.
  std::atomic<std::uint64_t> granted_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
};

}  // namespace skiff
