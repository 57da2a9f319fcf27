#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "base/counter.h"
#include "sidecar/http/error.h"

namespace skiff {

// How long requests took, in cells whose width grows with their value: four to each doubling, from
// 250us to 65s, so that a value is known to 25% of itself; below 250us four cells of 62.5us, above
// 65s one. A cell holds what is above its lower and up to its upper bound, as Prometheus counts.
// Written by one thread. Cost: a multiplication, a bit scan, two stores.
// Source: the log-linear buckets of G. Tene, "HdrHistogram".
class LatencyCells final {
 public:
  static constexpr Duration unit{62'500};
  static constexpr unsigned sub_cells = 4;  // Of one doubling.
  static constexpr unsigned doublings = 18;
  static constexpr std::size_t size = sub_cells * (1 + doublings) + 1;

  void add(Duration took) {
    cells_[index_of(took)].add();
    sum_.add(static_cast<std::uint64_t>(std::max(took, Duration::zero()).count()));
  }

  std::uint64_t count(std::size_t index) const { return cells_[index].get(); }
  std::uint64_t sum_nanoseconds() const { return sum_.get(); }

  static constexpr std::size_t index_of(Duration took) {
    if (took <= Duration::zero()) return 0;
    const auto units = static_cast<std::uint64_t>((took.count() - 1) / unit.count());
    if (units < sub_cells) return units;
    const auto doubling = static_cast<unsigned>(std::bit_width(units)) - 3;
    if (doubling >= doublings) return size - 1;
    return (doubling << 2) + (units >> doubling);
  }

  // The most that cell `index` holds; the last one has no bound: Duration::max().
  static constexpr Duration upper_bound(std::size_t index) {
    if (index >= size - 1) return Duration::max();
    if (index < 2 * sub_cells) return unit * (index + 1);
    const std::size_t doubling = index / sub_cells - 1;
    return unit * ((index % sub_cells + sub_cells + 1) << doubling);
  }

 private:
  static_assert(sub_cells == 4, "index_of() shifts by its logarithm");

  std::array<Counter, size> cells_;
  Counter sum_;
};

// Ends that were not simply the backend's answer, by class of status and reason. Few of the pairs
// ever occur, so the table is small and searched; a pair that finds no room any more counts as
// `rest`. Written by one thread.
class ReasonCells final {
 public:
  static constexpr std::size_t size = 32;

  void add(unsigned status_class, ErrorKind reason) {
    const std::uint64_t key = key_of(status_class, reason);
    for (Row& row : rows_) {
      if (row.key.get() == 0) row.key.store(key);
      if (row.key.get() == key) return row.count.add();
    }
    rest_.add();
  }

  // Calls `visit(status_class, reason, count)` for each pair that occurred. Any thread.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const Row& row : rows_) {
      const std::uint64_t key = row.key.get();
      if (key == 0) break;
      visit(static_cast<unsigned>(key >> 8) - 1, static_cast<ErrorKind>(key & 0xff),
            row.count.get());
    }
  }
  std::uint64_t rest() const { return rest_.get(); }

 private:
  struct Row {
    Counter key;  // 0: not used yet.
    Counter count;
  };
  static std::uint64_t key_of(unsigned status_class, ErrorKind reason) {
    return (std::uint64_t{status_class} + 1) << 8 | static_cast<std::uint64_t>(reason);
  }

  std::array<Row, size> rows_;
  Counter rest_;
};

// 0 for none; 1 to 5 for 1xx to 5xx.
inline constexpr std::size_t status_classes = 6;
constexpr unsigned status_class_of(unsigned status) {
  return status < 100 * status_classes ? status / 100 : 5;
}

// The counters of one direction, source, destination and route, of one worker: written by that
// worker, read by any thread. See make_observe() for who counts what.
struct alignas(64) RequestCells {
  Counter started;
  Counter finished;
  std::array<Counter, status_classes> answered;  // By the backend, by class of status.
  Counter attempts;
  Counter retries;
  Counter request_bytes;
  Counter response_bytes;
  LatencyCells latency;
  ReasonCells reasons;
};
static_assert(sizeof(RequestCells) <= 1536, "ten thousand routes fit in 15 MiB a worker");

}  // namespace skiff
