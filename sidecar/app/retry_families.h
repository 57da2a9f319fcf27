#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "sidecar/app/policy_states.h"

namespace skiff {

// Appends what the retry budgets of all targets have at `now`.
void collect_retries(PolicyStates& states, TimePoint now,
                     std::vector<prometheus::MetricFamily>& families);

}  // namespace skiff
