#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"
#include "base/rate.h"

namespace skiff {

// Counts the tokens that a rate has given since the beginning: a clock whose unit is a token, kept
// in parts of one. It goes on where it stands when the rate changes, so that times that were kept
// by it stay right. What it rounds off never adds up to more than one part.
class TokenClock final {
 public:
  static constexpr std::uint64_t token = 1 << 16;  // So many parts.

  // `rate` divided by `shared_by`, at least 1, from `now` on.
  void configure(const Rate& rate, std::uint32_t shared_by, TimePoint now) {
    begun_with_ = at(now);
    begun_ = std::max(now, begun_);
    const Wide period = static_cast<Wide>(std::chrono::nanoseconds(rate.period()).count());
    const Wide parts = (static_cast<Wide>(rate.count) * token) << point;
    per_nanosecond_ = static_cast<std::uint64_t>(parts / (period * shared_by));
    nanoseconds_ = static_cast<double>(period) * shared_by /
                   (static_cast<double>(rate.count) * static_cast<double>(token));
  }

  // Does not go back; before the beginning it stands.
  std::uint64_t at(TimePoint now) const {
    if (now <= begun_) return begun_with_;
    const auto passed = static_cast<std::uint64_t>((now - begun_).count());
    return begun_with_ +
           static_cast<std::uint64_t>((static_cast<Wide>(passed) * per_nanosecond_) >> point);
  }

  // How long it takes to give so much, and not less.
  Duration time_for(std::uint64_t parts) const {
    if (parts == 0) return {};
    return Duration(static_cast<Duration::rep>(static_cast<double>(parts) * nanoseconds_) + 1);
  }

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr unsigned point = 56;  // Bits behind the point of per_nanosecond_.

  TimePoint begun_{};
  std::uint64_t begun_with_ = 0;
  std::uint64_t per_nanosecond_ = 0;  // Parts; fixed point.
  double nanoseconds_ = 0;            // Of one part.
};

}  // namespace skiff
