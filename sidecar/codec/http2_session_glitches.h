#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "sidecar/codec/server_connection.h"

namespace skiff {

// Counts what a peer sends that serves nothing: a bucket of Http2Limits::glitch_burst that refills
// by glitches_per_second. Told the time.
class Http2Glitches final {
 public:
  Http2Glitches(const Http2Limits& limits, TimePoint now)
      : burst_(limits.glitch_burst),
        per_second_(limits.glitches_per_second),
        left_(burst_),
        since_(now) {}

  // False: more than is allowed.
  bool add(std::uint32_t count, TimePoint now) {
    const std::chrono::duration<double> passed = now - since_;
    left_ = std::min(burst_, left_ + passed.count() * per_second_);
    since_ = now;
    left_ -= count;
    return left_ >= 0;
  }

 private:
  double burst_;
  double per_second_;
  double left_;
  TimePoint since_;
};

}  // namespace skiff
