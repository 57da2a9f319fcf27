#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace skiff {

// Appends what Prometheus' clients tell of their process by custom: CPU, memory, descriptors,
// start. What /proc does not tell is left out.
void collect_process(std::vector<prometheus::MetricFamily>& families);

}  // namespace skiff
