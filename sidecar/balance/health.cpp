#include "sidecar/balance/health.h"

#include <algorithm>

namespace skiff {

bool HealthState::passed(TimePoint now) { return count(!healthy_, config_.healthy_threshold, now); }

bool HealthState::failed(TimePoint now) {
  return count(healthy_, config_.unhealthy_threshold, now);
}

bool HealthState::count(bool contradicts, std::uint32_t threshold, TimePoint now) {
  checked_ = true;
  last_result_ = now;
  contradicting_ = contradicts ? contradicting_ + 1 : 0;
  if (contradicting_ == 0 || contradicting_ < threshold) return false;
  healthy_ = !healthy_;
  contradicting_ = 0;
  return true;
}

TimePoint HealthState::next_check(TimePoint now, Random& random) const {
  const auto interval = static_cast<double>(Duration(config_.interval).count());
  const double share = random.unit();
  if (!checked_) return now + Duration(static_cast<Duration::rep>(interval * share));
  const auto wait = Duration(static_cast<Duration::rep>(interval * (0.9 + 0.2 * share)));
  return std::max(now, last_result_ + wait);
}

}  // namespace skiff
