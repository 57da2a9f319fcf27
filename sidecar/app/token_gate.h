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

// Verifies the token of each request from others as the JWTPolicy of this sidecar's own service
// says, if there is one. Behind it the generation is in use where a token was asked for.
class TokenGate final : public Forwarder {
 public:
  // Both outlive it.
  TokenGate(Generations& generations, Forwarder& inner)
      : generations_(generations), inner_(inner) {}

  void forward(Exchange& exchange, Reply& reply) override {
    Generation& generation = *generations_.current();
    generations_.use(generation, exchange);
    if (passes_token_gate(generation, generation.plan->inbound.jwt, exchange, reply))
      inner_.forward(exchange, reply);
  }

 private:
  Generations& generations_;
  Forwarder& inner_;
};

}  // namespace skiff
