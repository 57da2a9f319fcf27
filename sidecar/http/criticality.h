#pragma once

#include <optional>
#include <string_view>

#include "config/schema/bulkhead.h"
#include "sidecar/http/exchange.h"

namespace skiff {

// As `x-skiff-criticality` says it: `critical`, `normal` or `sheddable`, in any case. Nothing:
// another word.
std::optional<Criticality> parse_criticality(std::string_view text);
std::string_view criticality_text(Criticality criticality);

// Sets exchange.criticality: what the request says of itself, else what the policy in force for it
// says; and sees to it that the next hop is told the same. A word that means nothing is taken away.
// Without such a field `normal` is not said: it is what everybody takes it for. May be called
// again: who said it first wins. Of a request from outside the mesh the field was taken away
// before (add_forwarding_fields).
void settle_criticality(Criticality by_policy, Exchange& exchange);

// The same, but `normal` is said too, so that what holds for the target does not change it.
void say_criticality(Criticality by_policy, Exchange& exchange);

}  // namespace skiff
