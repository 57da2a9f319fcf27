#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sidecar/observe/cells.h"

namespace skiff {

enum class Direction : std::uint8_t { inbound, outbound, gateway };
inline constexpr std::size_t directions = 3;
std::string_view to_text(Direction direction);

// What tells one series of requests from another. Names of the configuration only; never a path or
// a host, of which a client could make any number.
struct SeriesLabels {
  Direction direction = Direction::inbound;
  std::string source{};       // Who asks: a service, or empty where it is not known.
  std::string destination{};  // TargetSpec::name, or this sidecar's own service.
  std::string route{};        // RouteRule::name.
};

// One series: its cells of every worker.
class Series final {
 public:
  Series(SeriesLabels labels, std::size_t workers)
      : labels_(std::move(labels)), cells_(std::make_unique<RequestCells[]>(workers)) {}

  const SeriesLabels& labels() const { return labels_; }
  RequestCells& of_worker(std::size_t worker) { return cells_[worker]; }
  const RequestCells& of_worker(std::size_t worker) const { return cells_[worker]; }

 private:
  friend class SeriesTable;

  const SeriesLabels labels_;
  const std::unique_ptr<RequestCells[]> cells_;
  std::uint64_t seen_events_ = 0;  // Started and finished, when last looked at.
  TimePoint changed_{};            // When a look found another number; guarded by the table.
};

// All series of the process. Requests beyond the cap are counted together, per direction, under
// `other`. Any thread may call it; the lock is held for a look-up or a copy of pointers.
class SeriesTable final {
 public:
  static constexpr Duration idle_life = std::chrono::minutes(10);

  SeriesTable(std::size_t workers, std::size_t most_series);

  // The cells of `worker` in the series of these labels, made where there are none yet. The series
  // lives at least as long as the pointer: keep it for as long as requests count in it (in the
  // runtime of a route or a connection, not in each request).
  std::shared_ptr<RequestCells> find_or_make(std::size_t worker, const SeriesLabels& labels);

  // Forgets series that nobody holds and in which nothing happened for `idle_life`. They go for all
  // workers at once, so that no sum ever shrinks.
  void expire(TimePoint now);

  std::vector<std::shared_ptr<const Series>> all() const;
  std::uint64_t dropped() const;  // Label sets that were counted under `other`.
  std::size_t workers() const { return workers_; }

 private:
  std::uint64_t events_of(const Series& series, bool* in_flight) const;

  const std::size_t workers_;
  const std::size_t most_series_;
  mutable std::mutex mutex_;  // Guards all below.
  std::unordered_map<std::string, std::shared_ptr<Series>> by_labels_;
  std::vector<std::shared_ptr<Series>> others_;  // By Direction.
  std::uint64_t dropped_ = 0;
};

}  // namespace skiff
