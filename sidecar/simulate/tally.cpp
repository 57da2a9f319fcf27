#include "sidecar/simulate/tally.h"

#include <algorithm>
#include <cmath>

namespace skiff {
namespace {

constexpr double growth = 1.0905077326652577;  // Eight buckets double: 2^(1/8).

std::size_t second_of(Duration since_start) {
  return static_cast<std::size_t>(std::chrono::floor<std::chrono::seconds>(since_start).count());
}

}  // namespace

void LatencyHistogram::add(Duration latency) {
  const double us = std::max(1.0, static_cast<double>(latency.count()) / 1e3);
  const auto bucket = static_cast<std::size_t>(std::log2(us) * 8);
  ++counts_[std::min(bucket, buckets - 1)];
  ++count_;
}

void LatencyHistogram::add(const LatencyHistogram& other) {
  for (std::size_t i = 0; i < buckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
}

Duration LatencyHistogram::quantile(double quantile) const {
  if (count_ == 0) return {};
  const auto rank = static_cast<std::uint64_t>(std::ceil(quantile * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  std::size_t bucket = 0;
  while (bucket + 1 < buckets && (seen += counts_[bucket]) < rank) ++bucket;
  return Duration(
      static_cast<Duration::rep>(1e3 * std::pow(growth, static_cast<double>(bucket) + 0.5)));
}

void Tally::add(const Tally& other) {
  sent += other.sent;
  succeeded += other.succeeded;
  degraded += other.degraded;
  failed += other.failed;
  asked += other.asked;
  attempts += other.attempts;
  in_flight = std::max(in_flight, other.in_flight);
  for (const auto& [reason, count] : other.reasons) reasons[reason] += count;
  latencies.add(other.latencies);
  refusals.add(other.refusals);
}

Tally& Tallies::at(TimePoint sent) {
  const std::size_t second = second_of(sent - start_);
  if (second >= seconds_.size()) seconds_.resize(second + 1);
  return seconds_[second];
}

Tally Tallies::between(Duration from, Duration to) const {
  Tally sum;
  const std::size_t end = std::min(second_of(to), seconds_.size());
  for (std::size_t i = second_of(from); i < end; ++i) sum.add(seconds_[i]);
  return sum;
}

Tally Tallies::all() const {
  Tally sum;
  for (const Tally& second : seconds_) sum.add(second);
  return sum;
}

}  // namespace skiff
