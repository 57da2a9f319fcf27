#pragma once

#include "base/random.h"
#include "sidecar/http/exchange.h"

namespace skiff {

// Adds to a request what the next hop wants to know of its way here: Via (RFC 9110, 7.6.3), and
// `x-request-id`, kept where the mesh gave one, else 32 hexadecimal digits.
//
// `from_outside`: the client is not of the mesh. Then nothing is believed of what it says of
// itself: `x-skiff-…`, `x-forwarded-…`, Forwarded, `x-real-ip` and `x-request-id` are taken away,
// and `x-forwarded-for` (what came, and the client behind it), `-proto` and `-host` are set.
void add_forwarding_fields(bool from_outside, Exchange& exchange, Random& random);

}  // namespace skiff
