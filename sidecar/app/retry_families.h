#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "sidecar/app/policy_states.h"

namespace skiff {

// Appends the retry budgets, as of `now`, and the hedged attempts of all targets.
void collect_retries(PolicyStates& states, TimePoint now,
                     std::vector<prometheus::MetricFamily>& families);

}  // namespace skiff
