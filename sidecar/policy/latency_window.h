#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace skiff {

// How long calls of the last 5 to 10 seconds took, in cells whose width grows with their value:
// eight to each doubling, from 8us on, so that a value is known to an eighth of itself. Costs a bit
// scan and an addition for each call. Used by one thread.
// Source: the log-linear buckets of G. Tene, "HdrHistogram"; two halves that take turns.
class LatencyWindow final {
 public:
  static constexpr Duration half = std::chrono::seconds(5);
  static constexpr std::uint64_t least_calls = 20;  // Fewer say nothing.
  static constexpr Duration fresh_for = std::chrono::milliseconds(100);

  void add(Duration took, TimePoint now) {
    if (now >= turns_at_) turn(now);
    ++halves_[current_][index_of(took)];
  }

  // This share of calls took that or longer, less an eighth at most. The same answer for
  // `fresh_for`; asked for one `share` only. Nothing: too few calls to tell yet.
  std::optional<Duration> quantile(double share, TimePoint now);

 private:
  static constexpr unsigned sub_cells = 8;
  static constexpr unsigned unit_bits = 13;  // 8192ns.
  static constexpr unsigned doublings = 25;
  static constexpr std::size_t size = sub_cells * (doublings + 1);
  using Cells = std::array<std::uint32_t, size>;

  static constexpr std::size_t index_of(Duration took) {
    const std::uint64_t units =
        static_cast<std::uint64_t>(took.count() < 0 ? 0 : took.count()) >> unit_bits;
    if (units < sub_cells) return units;
    const auto doubling = static_cast<unsigned>(std::bit_width(units)) - 4;
    return doubling >= doublings ? size - 1 : sub_cells * doubling + (units >> doubling);
  }
  static constexpr Duration lower_bound(std::size_t index) {
    const std::uint64_t units =
        index < 2 * sub_cells ? index : (index % sub_cells + sub_cells) << (index / sub_cells - 1);
    return Duration(static_cast<std::int64_t>(units << unit_bits));
  }

  void turn(TimePoint now);
  std::optional<Duration> compute(double share) const;

  std::array<Cells, 2> halves_{};
  unsigned current_ = 0;
  TimePoint turns_at_{};
  TimePoint stale_at_{};
  std::optional<Duration> last_;
};

}  // namespace skiff
