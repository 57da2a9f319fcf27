#pragma once

#include "base/admin_table.h"
#include "base/clock.h"
#include "sidecar/app/policy_states.h"

namespace skiff {

// Adds /breakers. Its page shows every circuit breaker that is in force, with its numbers: as JSON,
// or with `as=table` as lines for people. Its change sets `mode` of `target`, until it is set
// again. What is given outlives the table.
void add_breakers(AdminTable& table, PolicyStates& states, const Clock& clock);

}  // namespace skiff
