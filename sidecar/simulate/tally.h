#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "base/clock.h"
#include "sidecar/http/error.h"

namespace skiff {

// How long many calls took, in buckets of which each is 9 % longer than the one before.
class LatencyHistogram final {
 public:
  void add(Duration latency);
  void add(const LatencyHistogram& other);

  std::uint64_t count() const { return count_; }
  // So long that the share `quantile` of all took no longer; zero where there is none.
  Duration quantile(double quantile) const;

 private:
  static constexpr std::size_t buckets = 208;  // From 1µs to a minute.

  std::array<std::uint32_t, buckets> counts_{};
  std::uint64_t count_ = 0;
};

// What became of the requests that somebody sent within some time.
struct Tally {
  std::uint64_t sent = 0;
  std::uint64_t succeeded = 0;  // Answered, and not with 5xx or 429.
  std::uint64_t degraded = 0;   // Of these, by a fallback.
  std::uint64_t failed = 0;
  std::uint64_t asked = 0;                     // With the repeats of who was not answered.
  std::uint64_t attempts = 0;                  // Requests that went out for them.
  std::uint64_t in_flight = 0;                 // The most at once.
  std::map<ErrorKind, std::uint64_t> reasons;  // Of `failed`; `none`: the backend's own answer.
  LatencyHistogram latencies;                  // Of `succeeded`.
  LatencyHistogram refusals;                   // Of `failed`.

  void add(const Tally& other);
  double success() const {
    return sent == 0 ? 1 : static_cast<double>(succeeded) / static_cast<double>(sent);
  }
  std::uint64_t failed_by(ErrorKind reason) const {
    const auto found = reasons.find(reason);
    return found == reasons.end() ? 0 : found->second;
  }
};

// Tallies by the second in which the request was sent.
class Tallies final {
 public:
  explicit Tallies(TimePoint start) : start_(start) {}

  Tally& at(TimePoint sent);
  // Of all that was sent in [from, to), counted from the start, in whole seconds.
  Tally between(Duration from, Duration to) const;
  Tally all() const;

  const std::vector<Tally>& seconds() const { return seconds_; }

 private:
  const TimePoint start_;
  std::vector<Tally> seconds_;
};

}  // namespace skiff
