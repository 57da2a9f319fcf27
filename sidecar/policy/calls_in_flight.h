#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/clock.h"

namespace skiff {

// When the calls under way began, in slots of an eighth of `threshold` (1 ms at least), so that a
// call is told by the number of its slot and costs no memory of its own. A call is overdue when it
// takes longer than `threshold`, which is noticed an eighth of it later at most (at most 2 ms where
// that is more). Not thread safe; time may stand still, and going back counts as standing still.
class CallsInFlight final {
 public:
  using Slot = std::uint64_t;

  CallsInFlight(Duration threshold, TimePoint now)
      : width_(std::max<Duration>((threshold + Duration(parts - 1)) / parts, least_width)),
        wait_(static_cast<Slot>((threshold + width_ - Duration(1)) / width_)),
        slot_end_(now + width_) {}

  // The calls that became overdue since this was asked last. They are not counted any more.
  std::uint32_t take_overdue(TimePoint now) { return now < slot_end_ ? 0 : go_to(now); }

  // A call begins. Needs take_overdue() of the same time.
  Slot begin() {
    ++counts_[slot_ % ring];
    return slot_;
  }
  bool is_overdue(Slot slot) const { return slot < first_; }
  // Needs a call that is not overdue.
  void end(Slot slot) { --counts_[slot % ring]; }

  // Of calls that began before nothing is known any more.
  void forget() { counts_.fill(0); }

 private:
  static constexpr int parts = 8;
  static constexpr Slot ring = 16;  // More than the slots of calls that are not overdue, at most 9.
  static constexpr Duration least_width = std::chrono::milliseconds(1);

  std::uint32_t go_to(TimePoint now) {
    const auto passed = static_cast<Slot>((now - slot_end_) / width_) + 1;
    slot_end_ += width_ * static_cast<Duration::rep>(passed);
    const Slot last = slot_;
    slot_ += passed;
    std::uint32_t sum = 0;
    for (; first_ + wait_ < slot_ && first_ <= last; ++first_) {
      sum += std::exchange(counts_[first_ % ring], 0);
    }
    if (first_ + wait_ < slot_) first_ = slot_ - wait_;
    return sum;
  }

  Duration width_;
  Slot wait_;  // So many whole slots are as long as the threshold.
  TimePoint slot_end_;
  Slot slot_ = 0;   // Of now.
  Slot first_ = 0;  // Calls of earlier slots are overdue.
  std::array<std::uint32_t, ring> counts_{};
};

}  // namespace skiff
