#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"

namespace skiff {

class Timers;

// Something that wants to be called at a time. A member or base of its owner; destroying it ends
// it.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Not before the time that it was last armed with, and at most two ticks after.
  virtual void expired(TimePoint now) = 0;

 protected:
  ~Timer() { unlink(); }

 private:
  friend class Timers;
  void unlink();

  Timer* previous_ = nullptr;  // Null: not in the wheel.
  Timer* next_ = nullptr;
  TimePoint due_ = TimePoint::max();
  std::int64_t tick_ = 0;  // Of the slot that it lies in.
};

// All timers of one worker: a wheel of slots, told the time. Arming costs no system call, and
// almost nothing when a timer is armed again for later, as every request does: it stays where it
// is, and is moved on when its old slot comes up. Source: G. Varghese and A. Lauck, "Hashed and
// Hierarchical Timing Wheels" (1987), scheme 6.
class Timers final {
 public:
  static constexpr std::chrono::milliseconds tick_length{4};

  explicit Timers(TimePoint start);
  ~Timers();

  void arm(Timer& timer, TimePoint due);
  void disarm(Timer& timer) { timer.due_ = TimePoint::max(); }

  // Calls what is due. Timers may arm, disarm and destroy any timer meanwhile.
  void advance(TimePoint now);

  // When advance() should be called next; TimePoint::max() where nothing waits.
  TimePoint next() const;

 private:
  static constexpr std::size_t slots = 1024;
  struct Slot final : Timer {
    void expired(TimePoint) override {}
  };

  std::int64_t tick_of(TimePoint time) const { return (time - start_) / tick_length; }
  void link(Timer& timer, std::int64_t tick);
  void run_slot(std::size_t slot, TimePoint now);

  const TimePoint start_;
  std::int64_t done_ = 0;                             // All ticks up to this one were run.
  std::array<std::uint64_t, slots / 64> occupied_{};  // May be set for a slot that became empty.
  std::array<Slot, slots> heads_;
};

}  // namespace skiff
