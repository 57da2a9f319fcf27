#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "base/clock.h"
#include "sidecar/app/policy_states.h"

namespace skiff {

// skiff_circuit_breaker_state and _calls of all breakers that are on.
void collect_breakers(PolicyStates& states, TimePoint now,
                      std::vector<prometheus::MetricFamily>& families);

}  // namespace skiff
