#pragma once

#include "sidecar/app/generation.h"
#include "sidecar/policy/rate_limit.h"

namespace skiff {

// Asks the limits of this sidecar's own service for each request from others. Stands behind Guard.
class InboundLimits final : public Forwarder, private AfterLimits {
 public:
  // All outlive it.
  InboundLimits(Generations& generations, const Clock& clock, Forwarder& inner)
      : generations_(generations), clock_(clock), inner_(inner) {}

  void forward(Exchange& exchange, Reply& reply) override {
    Generation& generation = *generations_.current();
    const InboundPlan& inbound = generation.plan->inbound;
    if (inbound.limits.empty()) return inner_.forward(exchange, reply);
    if (inbound.jwt == no_policy) generations_.use(generation, exchange);  // Else it is, by Guard.
    ask_limits({generation.limits, inbound.limits, clock_}, exchange, reply, *this);
  }

 private:
  void let_through(Exchange& exchange, Reply& reply) override { inner_.forward(exchange, reply); }

  Generations& generations_;
  const Clock& clock_;
  Forwarder& inner_;
};

}  // namespace skiff
