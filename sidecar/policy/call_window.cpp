#include "sidecar/policy/call_window.h"

#include <algorithm>
#include <utility>

namespace skiff {

// ---- The last calls

void CountWindow::put(unsigned flags) {
  const std::uint8_t old = calls_[next_];
  counts_.calls += 1 - (old & is_there);
  counts_.failed -= (old & is_failed) / is_failed;
  counts_.slow -= (old & is_slow) / is_slow;
  if ((old & is_overdue) != 0) --overdue_;
  if (next_ == first_overdue_) first_overdue_ = after(next_);
  counts_.failed += (flags & is_failed) / is_failed;
  counts_.slow += (flags & is_slow) / is_slow;
  calls_[next_] = static_cast<std::uint8_t>(flags | is_there);
  next_ = after(next_);
}

void CountWindow::add_overdue(std::uint32_t count, TimePoint) {
  count = std::min(count, static_cast<std::uint32_t>(calls_.size()));
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t at = next_;
    put(is_slow | is_overdue);
    if (overdue_++ == 0) first_overdue_ = at;
  }
}

void CountWindow::settle(bool failed, TimePoint now) {
  if (overdue_ == 0) {  // Later calls have pushed it out: a failure is news all the same.
    if (failed) add(true, true, now);
    return;
  }
  while ((calls_[first_overdue_] & is_overdue) == 0) first_overdue_ = after(first_overdue_);
  std::uint8_t& call = calls_[first_overdue_];
  call &= static_cast<std::uint8_t>(~is_overdue);
  --overdue_;
  if (!failed) return;
  call |= is_failed;
  ++counts_.failed;
}

void CountWindow::forget(TimePoint) {
  std::fill(calls_.begin(), calls_.end(), std::uint8_t{0});
  next_ = overdue_ = first_overdue_ = 0;
  counts_ = {};
}

// ---- The calls of the last time

void TimeWindow::add(bool failed, bool slow, TimePoint now) {
  roll(now);
  for (CallCounts* counts : {&parts_[at_].counts, &sum_}) {
    ++counts->calls;
    if (failed) ++counts->failed;
    if (slow) ++counts->slow;
  }
}

void TimeWindow::add_overdue(std::uint32_t count, TimePoint now) {
  roll(now);
  for (CallCounts* counts : {&parts_[at_].counts, &sum_}) {
    counts->calls += count;
    counts->slow += count;
  }
  parts_[at_].overdue += count;
}

void TimeWindow::settle(bool failed, TimePoint now) {
  roll(now);
  for (std::uint32_t i = 1; i <= parts; ++i) {  // From the oldest.
    Part& part = parts_[(at_ + i) % parts];
    if (part.overdue == 0) continue;
    --part.overdue;
    if (!failed) return;
    ++part.counts.failed;
    ++sum_.failed;
    return;
  }
  if (failed) add(true, true, now);
}

void TimeWindow::forget_before(TimePoint now) {
  const auto ended = (now - part_end_) / part_ + 1;  // Parts since.
  part_end_ += part_ * ended;
  for (std::uint32_t i = 0; i < std::min<std::uint64_t>(static_cast<std::uint64_t>(ended), parts);
       ++i) {
    at_ = (at_ + 1) % parts;
    const Part old = std::exchange(parts_[at_], {});
    sum_.calls -= old.counts.calls;
    sum_.failed -= old.counts.failed;
    sum_.slow -= old.counts.slow;
  }
}

void TimeWindow::forget(TimePoint now) {
  parts_ = {};
  sum_ = {};
  part_end_ = now + part_;
}

CallWindow::Either CallWindow::make(const CircuitBreakerConfig& config, TimePoint now) {
  if (config.sliding_window_type == CircuitBreakerConfig::Window::time) {
    return TimeWindow(config.sliding_window_duration, now);
  }
  return CountWindow(config.sliding_window_size);
}

}  // namespace skiff
