#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "sidecar/app/policy_states.h"

namespace skiff {

// Appends what became of the copies that targets got as mirrors.
void collect_mirrors(PolicyStates& states, std::vector<prometheus::MetricFamily>& families);

}  // namespace skiff
