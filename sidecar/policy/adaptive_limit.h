#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "config/schema/bulkhead.h"

namespace skiff {

// Latencies of one window, in buckets of a sixteenth of their power of two: 6 % wide, and read with
// interpolation. From 1 microsecond to 67 seconds.
class LatencyBuckets final {
 public:
  void add(Duration latency);
  std::uint32_t count() const { return count_; }
  // Nanoseconds; `share` of what was added is less. Needs something that was added.
  double quantile(double share) const;
  void clear();

 private:
  static constexpr std::size_t buckets = 384;

  std::array<std::uint32_t, buckets> counts_{};
  std::uint32_t count_ = 0;
};

// How many requests a target can have in flight before they only wait for each other. Once a
// window:
//
//   limit = limit * clamp(tolerance * baseline / latency, 1/2, 1) + queue
//
// `latency` is a low quantile of the window. While it is near the baseline the limit grows, as long
// as it is used: by a quarter until latency first rises, then by `queue`, a few requests. Where
// latency rises, the limit shrinks in proportion. It comes to rest where about `queue` requests
// wait.
//
// The baseline, the latency without waiting, is learned: it falls quickly, and rises slowly and
// only by what was measured while the limit was well below what it was before, or not used, so that
// the waiting that we cause is never taken for it. So that there are such measurements the limit is
// halved for a moment now and then; it is never pinned to the least.
//
// Not thread safe: its bulkhead guards it. Source: Netflix concurrency-limits, Gradient2Limit (the
// gradient and the queue); L. Brakmo and L. Peterson, "TCP Vegas" (1995) (the baseline); a low
// quantile for a mean, and rising by evidence for a long mean's drift, are ours.
class AdaptiveLimit final {
 public:
  AdaptiveLimit(const AdaptiveLimitConfig& config, std::uint32_t max_concurrent);

  std::uint32_t limit() const;

  // One request was answered, while `in_use` were in flight. True: the limit has changed.
  bool add(Duration latency, std::uint32_t in_use, TimePoint now);

  // Keeps what was learned.
  void configure(const AdaptiveLimitConfig& config, std::uint32_t max_concurrent);

 private:
  bool is_over(TimePoint now) const;
  void adjust();
  void learn(double latency);
  double next_limit(double latency);
  double kept_within(double limit) const;
  bool is_used() const { return 2.0 * busiest_ >= limit_; }

  AdaptiveLimitConfig config_;
  double most_;
  double limit_;
  double before_;           // The limit of the window before, or what the probe interrupts.
  double baseline_ns_ = 0;  // 0: nothing is known yet.
  LatencyBuckets window_;
  TimePoint begun_ = TimePoint::min();  // The window; min: none has.
  std::uint32_t busiest_ = 0;           // Of the window.
  std::uint32_t since_probe_ = 0;       // Windows.
  bool probes_ = false;
  bool rose_ = false;  // Latency, at least once: the limit is near what the target can do.
};

}  // namespace skiff
