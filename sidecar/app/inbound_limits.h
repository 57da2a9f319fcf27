#pragma once

#include "sidecar/app/token_gate.h"
#include "sidecar/policy/rate_limit.h"

namespace skiff {

// Verifies the token of each request from others as a JWTPolicy of this sidecar's own service says,
// then asks the service's limits.
class InboundLimits final : public Forwarder, private AfterLimits {
 public:
  // All outlive it.
  InboundLimits(Generations& generations, const Clock& clock, Forwarder& inner)
      : generations_(generations), clock_(clock), inner_(inner) {}

  void forward(Exchange& exchange, Reply& reply) override {
    Generation& generation = *generations_.current();
    const InboundPlan& inbound = generation.plan->inbound;
    const auto& chosen = inbound.limits;
    if (chosen.empty() && inbound.jwt == no_policy) return inner_.forward(exchange, reply);
    generations_.use(generation, exchange);
    if (!passes_token_gate(generation, inbound.jwt, exchange, reply)) return;
    if (chosen.empty()) return inner_.forward(exchange, reply);
    ask_limits({generation.limits, chosen, clock_}, exchange, reply, *this);
  }

 private:
  void let_through(Exchange& exchange, Reply& reply) override { inner_.forward(exchange, reply); }

  Generations& generations_;
  const Clock& clock_;
  Forwarder& inner_;
};

}  // namespace skiff
