#include "sidecar/policy/adaptive_limit.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace skiff {
namespace {

constexpr double initial_limit = 20;       // Of Gradient2Limit.
constexpr double tolerance = 1.25;         // Latency may rise by that much without being waiting.
constexpr double most_shrink = 0.5;        // Of one window.
constexpr double early_growth = 0.25;      // Of one window, until latency first rises.
constexpr double baseline_fall = 0.25;     // Of the distance, of one window.
constexpr double baseline_found = 0.75;    // The same, where nothing that we cause is in it.
constexpr double baseline_rise = 0.25;     // The same.
constexpr double well_below = 0.75;        // Of the limit before: its waiting is gone.
constexpr double probe_depth = 0.5;        // Of the limit.
constexpr std::uint32_t probe_every = 16;  // Windows.
constexpr int probe_round_trips = 4;       // The first of them drain what waited before.
constexpr std::uint32_t least_samples = 50;

constexpr unsigned unit_shift = 10;  // The unit of the buckets: 1024 nanoseconds.
constexpr unsigned sub_bits = 4;     // Sixteen buckets for each power of two.

// The first value of a bucket, in its unit.
double floor_of(std::size_t bucket) {
  if (bucket < (2U << sub_bits)) return static_cast<double>(bucket);
  const std::size_t shift = (bucket >> sub_bits) - 1;
  return std::ldexp(static_cast<double>((bucket & 15U) + 16U), static_cast<int>(shift));
}

}  // namespace

// ---- LatencyBuckets

void LatencyBuckets::add(Duration latency) {
  const auto units =
      static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0)) >> unit_shift;
  const auto width = static_cast<unsigned>(std::bit_width(units));
  const unsigned shift = width > sub_bits + 1 ? width - sub_bits - 1 : 0;
  const std::size_t bucket = (std::size_t{shift} << sub_bits) + (units >> shift);
  ++counts_[std::min(bucket, buckets - 1)];
  ++count_;
}

double LatencyBuckets::quantile(double share) const {
  const double wanted = share * static_cast<double>(count_);
  double below = 0;
  std::size_t bucket = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    if (counts_[i] == 0) continue;
    bucket = i;
    if (below + static_cast<double>(counts_[i]) >= wanted) break;
    below += static_cast<double>(counts_[i]);
  }
  const double into = std::clamp((wanted - below) / static_cast<double>(counts_[bucket]), 0.0, 1.0);
  const double low = floor_of(bucket);
  return std::ldexp(low + into * (floor_of(bucket + 1) - low), unit_shift);
}

void LatencyBuckets::clear() {
  counts_.fill(0);
  count_ = 0;
}

// ---- AdaptiveLimit

AdaptiveLimit::AdaptiveLimit(const AdaptiveLimitConfig& config, std::uint32_t max_concurrent)
    : config_(config), most_(max_concurrent), limit_(kept_within(initial_limit)), before_(limit_) {}

std::uint32_t AdaptiveLimit::limit() const { return static_cast<std::uint32_t>(limit_); }

void AdaptiveLimit::configure(const AdaptiveLimitConfig& config, std::uint32_t max_concurrent) {
  if (config.quantile != config_.quantile) {  // What was learned is of another quantile.
    baseline_ns_ = 0;
    window_.clear();
  }
  config_ = config;
  most_ = max_concurrent;
  limit_ = kept_within(limit_);
  before_ = kept_within(before_);
}

bool AdaptiveLimit::add(Duration latency, std::uint32_t in_use, TimePoint now) {
  if (begun_ == TimePoint::min()) begun_ = now;
  window_.add(latency);
  busiest_ = std::max(busiest_, in_use);
  if (!is_over(now)) return false;
  const std::uint32_t old = limit();
  adjust();
  window_.clear();
  busiest_ = 0;
  begun_ = now;
  return limit() != old;
}

bool AdaptiveLimit::is_over(TimePoint now) const {
  if (window_.count() < least_samples) return false;
  const Duration window = config_.window;
  if (!probes_) return now - begun_ >= window;
  const Duration trips(static_cast<std::int64_t>(probe_round_trips * baseline_ns_));
  return now - begun_ >= std::min(window, trips);
}

void AdaptiveLimit::adjust() {
  const double latency = std::max(window_.quantile(config_.quantile.value), 1.0);
  learn(latency);
  if (std::exchange(probes_, false)) {
    limit_ = before_;
    return;
  }
  const double next = next_limit(latency);
  before_ = std::exchange(limit_, next);
  if (!is_used() || ++since_probe_ < probe_every) return;
  since_probe_ = 0;
  probes_ = true;
  before_ = limit_;
  limit_ = kept_within(limit_ * probe_depth);
}

void AdaptiveLimit::learn(double latency) {
  if (baseline_ns_ == 0) baseline_ns_ = latency;
  const bool without_waiting =
      limit_ <= well_below * before_ || limit_ <= kept_within(0) || !is_used();
  if (latency < baseline_ns_) {
    baseline_ns_ += (without_waiting ? baseline_found : baseline_fall) * (latency - baseline_ns_);
  } else if (without_waiting) {
    baseline_ns_ += baseline_rise * (latency - baseline_ns_);
  }
}

double AdaptiveLimit::next_limit(double latency) {
  const double gradient = std::clamp(tolerance * baseline_ns_ / latency, most_shrink, 1.0);
  if (gradient < 1) rose_ = true;
  double next = limit_ * gradient;
  const double queue = std::max(1.0, std::sqrt(limit_) / 2);
  if (is_used()) next += rose_ ? queue : std::max(queue, early_growth * limit_);
  return kept_within(next);
}

double AdaptiveLimit::kept_within(double limit) const {
  return std::clamp(limit, std::min<double>(config_.min_concurrent, most_), most_);
}

}  // namespace skiff
