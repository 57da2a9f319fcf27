#pragma once

#include "config/schema/resource_index.h"
#include "config/schema/violation.h"

namespace skiff {

// Complains of each key of a limit that is a claim of a token where no JWTPolicy verifies tokens
// for the limit's target: for the same thing or the whole that it is part of; for a route also for
// all Gateways that it is attached to, where it is attached to nothing else. Likewise of each claim
// in a rule of an AuthorizationPolicy, which is for services.
void check_claims(const Resources& resources, const ResourceIndex& index, Violations& violations);

}  // namespace skiff
