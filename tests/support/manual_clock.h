#pragma once

#include "base/clock.h"

namespace skiff {

// Time that passes only when a test says so.
class ManualClock final : public Clock {
 public:
  TimePoint now() const override { return now_; }
  void advance(Duration by) { now_ += by; }

 private:
  TimePoint now_ = TimePoint{} + std::chrono::hours(1);
};

}  // namespace skiff
