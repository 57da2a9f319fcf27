#pragma once

#include <chrono>

namespace skiff {

// Monotonic time. Policies are told it and never ask for it.
using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

// Where the code that does things (not the code that decides) gets the time from.
// Tests hold a ManualClock (tests/support/manual_clock.h).
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
};

// The machine's own steady clock.
class SystemClock final : public Clock {
 public:
  TimePoint now() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace skiff
