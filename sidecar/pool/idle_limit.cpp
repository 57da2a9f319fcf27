#include "sidecar/pool/idle_limit.h"

#include <algorithm>

namespace skiff {

using namespace std::chrono_literals;

namespace {

constexpr Duration least_timeout = 10ms;  // No server closes sooner for idleness.

}  // namespace

void IdleLimit::closed_after(Duration age, TimePoint now) {
  if (age < least_timeout) return;
  ages_[seen_++ % enough] = age;
  if (seen_ < enough) return;
  const auto [least, most] = std::minmax_element(ages_.begin(), ages_.end());
  if (*most - *least > *most / 4) return;
  learned_ = *least;
  learned_at_ = now;
}

Duration IdleLimit::limit(bool repeatable, TimePoint now) const {
  Duration limit = configured_;
  if (learned_ > 0ns && now - learned_at_ < 10min) {
    limit = std::min(limit, repeatable ? learned_ * 3 / 4 : learned_ / 2);
  }
  return limit;
}

}  // namespace skiff
