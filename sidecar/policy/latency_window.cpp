#include "sidecar/policy/latency_window.h"

#include <cmath>

namespace skiff {

std::optional<Duration> LatencyWindow::quantile(double share, TimePoint now) {
  if (now < stale_at_) return last_;
  if (now >= turns_at_) turn(now);
  last_ = compute(share);
  if (last_) stale_at_ = now + fresh_for;
  return last_;
}

void LatencyWindow::turn(TimePoint now) {
  if (now - turns_at_ >= half) halves_ = {};  // Nothing of it is young enough.
  current_ ^= 1;
  halves_[current_] = {};
  turns_at_ = now - turns_at_ >= half ? now + half : turns_at_ + half;
}

std::optional<Duration> LatencyWindow::compute(double share) const {
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < size; ++i) all += halves_[0][i] + halves_[1][i];
  if (all < least_calls) return std::nullopt;
  const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(all)));
  std::uint64_t below = 0;
  std::size_t index = 0;
  for (; index + 1 < size; ++index) {
    below += halves_[0][index] + halves_[1][index];
    if (below >= rank) break;
  }
  return lower_bound(index);
}

}  // namespace skiff
