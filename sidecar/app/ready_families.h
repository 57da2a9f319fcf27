#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "sidecar/app/policy_states.h"

namespace skiff {

// Requests that waited for an endpoint that accepts connections, of the targets that had some.
void collect_readiness(PolicyStates& states, std::vector<prometheus::MetricFamily>& families);

}  // namespace skiff
