#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "base/clock.h"
#include "sidecar/app/policy_states.h"

namespace skiff {

// skiff_outlier_ejected of all endpoints that are ejected, skiff_panic of all targets that panic.
void collect_ejections(PolicyStates& states, TimePoint now,
                       std::vector<prometheus::MetricFamily>& families);

}  // namespace skiff
