#pragma once

#include <prometheus/metric_family.h>

#include <memory>
#include <span>
#include <vector>

#include "sidecar/observe/series.h"
#include "sidecar/observe/worker_metrics.h"

namespace skiff {

// Appends what `series` and the requests that were never routed come to, summed over `workers`.
void collect_requests(const SeriesTable& series,
                      std::span<const std::unique_ptr<WorkerMetrics>> workers,
                      std::vector<prometheus::MetricFamily>& families);

}  // namespace skiff
