#pragma once

#include <chrono>

#include "sidecar/app/generation.h"

namespace skiff {

// Whether the request may go on by the JWTPolicy with this index, if it is one; else it was
// refused, and `reply` told so. Needs a generation that is in use for the exchange, for the claims.
inline bool passes_token_gate(const Generation& generation, PolicyIndex policy, Exchange& exchange,
                              Reply& reply) {
  if (policy == no_policy) return true;
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return generation.tokens[policy]->lets_through(exchange, reply, now);
}

}  // namespace skiff
