#pragma once

#include <memory>

#include "base/clock.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/observe/access_log.h"
#include "sidecar/observe/worker_metrics.h"

namespace skiff {

// What is named here outlives the stage and its exchanges.
struct ObserveSettings {
  WorkerMetrics& metrics;
  AccessLog* log;  // Null: off.
  Direction direction;
  const Clock&
      clock;  // Asked once a request; a clock that is read once a turn of the loop will do.
};

// The stage that counts: one end of each request, with its latency and bytes, in marks.cells or,
// where no route was found, in WorkerMetrics::refused(); and one line of the access log.
std::unique_ptr<Forwarder> make_observe(const ObserveSettings& settings, Forwarder& inner);

// Says in which series the exchange counts, and counts its start. Once, as soon as it has a route;
// `cells` live until the exchange's last EndHook ran.
void mark_routed(Exchange& exchange, RequestCells& cells);

// Counts and tells an exchange that ended before it came to the stage, such as one whose head was
// malformed. Its marks and its request hold what is known.
void observe_refused(const ObserveSettings& settings, const Exchange& exchange, const Error& error);

}  // namespace skiff
