#pragma once

#include <string_view>

#include "base/random.h"
#include "sidecar/http/exchange.h"

namespace skiff {

// Adds to a request what the next hop wants to know of its way here: Via (RFC 9110, 7.6.3), and
// `x-request-id`, kept where the mesh gave one, else 32 hexadecimal digits.
//
// `from_outside`: the client is not of the mesh. Then nothing is believed of what it says of
// itself: `x-skiff-…`, `x-forwarded-…`, Forwarded, `x-real-ip` and `x-request-id` are taken away,
// and `x-forwarded-for` (what came, and the client behind it), `-proto` and `-host` are set.
//
// `x-forwarded-client-cert` is never believed; where the client has proved who it is, it is set:
// `By=spiffe://…;URI=spiffe://…`, By being `own_identity`, if there is one.
//
// Does nothing to an exchange of Version::bytes.
void add_forwarding_fields(bool from_outside, std::string_view own_identity, Exchange& exchange,
                           Random& random);

}  // namespace skiff
