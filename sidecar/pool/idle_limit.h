#pragma once

#include <array>
#include <cstddef>

#include "base/clock.h"

namespace skiff {

// How long a connection to a backend may lie idle before it is not used again: below the time after
// which the backend was seen to close idle ones, so that a request does not cross their closing.
// A decider: told the time.
//
// Learned only from closings that look like a timeout: the last few at about the same age. A
// backend that restarts closes connections of all ages, and teaches nothing. Forgotten after ten
// minutes without another such closing.
class IdleLimit final {
 public:
  explicit IdleLimit(Duration configured) : configured_(configured) {}

  void configure(Duration configured) { configured_ = configured; }

  // The backend closed a connection that had been idle for `age`.
  void closed_after(Duration age, TimePoint now);

  // What is allowed now. For a request that must not be sent twice a wider margin is kept.
  Duration limit(bool repeatable, TimePoint now) const;

 private:
  static constexpr std::size_t enough = 3;

  Duration configured_;
  Duration learned_{};  // Zero: nothing.
  TimePoint learned_at_{};
  std::array<Duration, enough> ages_{};
  std::size_t seen_ = 0;
};

}  // namespace skiff
