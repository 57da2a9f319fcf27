#include "sidecar/transport/timers.h"

#include <algorithm>
#include <bit>

namespace skiff {

void Timer::unlink() {
  if (previous_ == nullptr) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = next_ = nullptr;
}

Timers::Timers(TimePoint start) : start_(start) {
  for (Slot& head : heads_) head.previous_ = head.next_ = &head;
}

Timers::~Timers() {
  for (Slot& head : heads_) {
    while (head.next_ != &head) head.next_->unlink();
  }
}

void Timers::arm(Timer& timer, TimePoint due) {
  timer.due_ = due;
  if (due == TimePoint::max()) return;
  const std::int64_t tick = std::max(tick_of(due), done_) + 1;
  if (timer.previous_ != nullptr && timer.tick_ <= tick) return;
  timer.unlink();
  link(timer, tick);
}

void Timers::link(Timer& timer, std::int64_t tick) {
  // What is due after a whole turn of the wheel is looked at once a turn.
  tick = std::min(tick, done_ + static_cast<std::int64_t>(slots) - 1);
  const auto slot = static_cast<std::size_t>(tick) % slots;
  Slot& head = heads_[slot];
  timer.tick_ = tick;
  timer.previous_ = head.previous_;
  timer.next_ = &head;
  head.previous_->next_ = &timer;
  head.previous_ = &timer;
  occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

void Timers::advance(TimePoint now) {
  const std::int64_t until = tick_of(now);
  if (until - done_ > static_cast<std::int64_t>(slots)) done_ = until - slots;
  while (done_ < until) {
    ++done_;
    run_slot(static_cast<std::size_t>(done_) % slots, now);
  }
}

void Timers::run_slot(std::size_t slot, TimePoint now) {
  const std::uint64_t bit = std::uint64_t{1} << (slot % 64);
  if ((occupied_[slot / 64] & bit) == 0) return;
  occupied_[slot / 64] &= ~bit;
  Slot& head = heads_[slot];
  if (head.next_ == &head) return;
  Slot batch;  // What is armed meanwhile for this very slot belongs to the next turn.
  batch.next_ = head.next_;
  batch.previous_ = head.previous_;
  batch.next_->previous_ = batch.previous_->next_ = &batch;
  head.next_ = head.previous_ = &head;
  while (batch.next_ != &batch) {
    Timer& timer = *batch.next_;
    timer.unlink();
    if (timer.due_ <= now) {
      timer.due_ = TimePoint::max();
      timer.expired(now);
    } else {
      arm(timer, timer.due_);
    }
  }
  batch.previous_ = batch.next_ = nullptr;
}

TimePoint Timers::next() const {
  for (std::size_t step = 1; step <= slots;) {
    const auto slot = (static_cast<std::size_t>(done_) + step) % slots;
    const std::uint64_t rest = occupied_[slot / 64] >> (slot % 64);
    if (rest != 0) {
      const auto tick = done_ + static_cast<std::int64_t>(step) + std::countr_zero(rest);
      return start_ + tick * tick_length;
    }
    step += 64 - slot % 64;
  }
  return TimePoint::max();
}

}  // namespace skiff
