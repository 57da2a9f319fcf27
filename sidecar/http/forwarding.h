#pragma once

#include "base/random.h"
#include "sidecar/http/exchange.h"

namespace skiff {

// Adds to a request what the next hop wants to know of its way here: `x-request-id` (kept where
// there is one, else 32 hexadecimal digits) and `via` (RFC 9110, 7.6.3).
//
// `from_outside`: the client is not of the mesh. Then `x-forwarded-for`, `-proto` and `-host` say
// who asked for what, and what only the mesh may say (`x-skiff-…`, `x-forwarded-client-cert`) is
// taken away.
void add_forwarding_fields(bool from_outside, Exchange& exchange, Random& random);

}  // namespace skiff
