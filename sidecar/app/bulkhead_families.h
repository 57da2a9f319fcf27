#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "sidecar/app/policy_states.h"

namespace skiff {

// skiff_bulkhead_in_use, _queued and _limit of all bulkheads that are on. Of callers only those who
// have something in flight.
void collect_bulkheads(PolicyStates& states, std::vector<prometheus::MetricFamily>& families);

}  // namespace skiff
