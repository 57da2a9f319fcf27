#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "sidecar/observe/cells.h"
#include "sidecar/observe/counters.h"
#include "sidecar/observe/handshake_counters.h"
#include "sidecar/observe/labelled_counters.h"
#include "sidecar/observe/series.h"

namespace skiff {

// What one worker counts. Only that worker writes; any thread reads. Lives as long as its Metrics.
class WorkerMetrics final {
 public:
  WorkerMetrics(SeriesTable& series, NamedCounters& named_counters, std::size_t worker)
      : named(named_counters), series_(series), worker_(worker) {}

  // As SeriesTable::find_or_make; takes a lock: once per route or connection, not per request.
  std::shared_ptr<RequestCells> requests(const SeriesLabels& labels) {
    return series_.find_or_make(worker_, labels);
  }

  // A request that ended before it was routed; `status` 0: the one that `reason` stands for.
  void refused(Direction direction, unsigned status, ErrorKind reason) {
    if (status == 0) status = about(reason).status;
    unrouted_[static_cast<std::size_t>(direction)].add(status_class_of(status), reason);
  }
  const ReasonCells& unrouted(Direction direction) const {
    return unrouted_[static_cast<std::size_t>(direction)];
  }

  CounterSet counters;
  HandshakeCounters handshakes;
  NamedCounters& named;

 private:
  SeriesTable& series_;
  const std::size_t worker_;
  std::array<ReasonCells, directions> unrouted_;
};

}  // namespace skiff
