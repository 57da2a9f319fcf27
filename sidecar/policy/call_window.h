#pragma once

#include <array>
#include <cstdint>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "config/schema/circuit_breaker.h"

namespace skiff {

struct CallCounts {
  std::uint32_t calls = 0;
  std::uint32_t failed = 0;
  std::uint32_t slow = 0;
};

// The last `size` calls, a byte each.
//
// A call that is slow before it is over is counted when that is known (add_overdue), and how it
// ended later (settle): it is one call. Where several are overdue the one that was counted first is
// settled first.
class CountWindow final {
 public:
  explicit CountWindow(std::uint32_t size) : calls_(size) {}

  void add(bool failed, bool slow, TimePoint) {
    put((failed ? is_failed : 0) | (slow ? is_slow : 0));
  }
  void add_overdue(std::uint32_t count, TimePoint now);
  void settle(bool failed, TimePoint now);

  CallCounts counts(TimePoint) const { return counts_; }
  void forget(TimePoint now);

 private:
  enum Flag : std::uint8_t { is_there = 1, is_failed = 2, is_slow = 4, is_overdue = 8 };

  void put(unsigned flags);
  std::uint32_t after(std::uint32_t at) const { return at + 1 < calls_.size() ? at + 1 : 0; }

  std::vector<std::uint8_t> calls_;  // A ring.
  std::uint32_t next_ = 0;           // To be overwritten: the oldest, when the ring is full.
  std::uint32_t overdue_ = 0;
  std::uint32_t first_overdue_ = 0;  // No overdue call is older than the one there.
  CallCounts counts_;
};

// The calls of the last `duration`, counted in ten parts of it: what it tells is of the last nine
// to ten tenths. Otherwise as CountWindow.
class TimeWindow final {
 public:
  TimeWindow(Duration duration, TimePoint now)
      : part_(duration / static_cast<int>(parts)), part_end_(now + part_) {}

  void add(bool failed, bool slow, TimePoint now);
  void add_overdue(std::uint32_t count, TimePoint now);
  void settle(bool failed, TimePoint now);

  CallCounts counts(TimePoint now) {
    roll(now);
    return sum_;
  }
  void forget(TimePoint now);

 private:
  static constexpr std::uint32_t parts = 10;
  struct Part {
    CallCounts counts;
    std::uint32_t overdue = 0;
  };

  void roll(TimePoint now) {
    if (now >= part_end_) forget_before(now);
  }
  void forget_before(TimePoint now);

  Duration part_;
  TimePoint part_end_;  // Of the part that is counted into.
  std::array<Part, parts> parts_{};
  std::uint32_t at_ = 0;
  CallCounts sum_;
};

// What a circuit breaker goes by. Not thread safe.
class CallWindow final {
 public:
  CallWindow(const CircuitBreakerConfig& config, TimePoint now) : window_(make(config, now)) {}

  void add(bool failed, bool slow, TimePoint now) {
    std::visit([=](auto& window) { window.add(failed, slow, now); }, window_);
  }
  void add_overdue(std::uint32_t count, TimePoint now) {
    std::visit([=](auto& window) { window.add_overdue(count, now); }, window_);
  }
  void settle(bool failed, TimePoint now) {
    std::visit([=](auto& window) { window.settle(failed, now); }, window_);
  }
  CallCounts counts(TimePoint now) {
    return std::visit([=](auto& window) { return window.counts(now); }, window_);
  }
  void forget(TimePoint now) {
    std::visit([=](auto& window) { window.forget(now); }, window_);
  }

 private:
  using Either = std::variant<CountWindow, TimeWindow>;
  static Either make(const CircuitBreakerConfig& config, TimePoint now);

  Either window_;
};

}  // namespace skiff
