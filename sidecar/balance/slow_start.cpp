#include "sidecar/balance/slow_start.h"

#include <algorithm>

namespace skiff {

void SlowStart::rebuild(std::span<Endpoint* const> endpoints) {
  over_at_ = TimePoint::min();
  if (window_ <= Duration::zero()) return;
  for (const Endpoint* endpoint : endpoints)
    over_at_ = std::max(over_at_, endpoint->added + window_);
}

double SlowStart::share(const Endpoint& endpoint, TimePoint now) const {
  const Duration age = now - endpoint.added;
  if (age >= window_) return 1;
  if (age <= Duration::zero()) return initial_;
  const double done = static_cast<double>(age.count()) / static_cast<double>(window_.count());
  return initial_ + (1 - initial_) * done;
}

}  // namespace skiff
