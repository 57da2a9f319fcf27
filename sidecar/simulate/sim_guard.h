#pragma once

#include <string>

#include "sidecar/app/target_chain.h"
#include "sidecar/simulate/sim_instance.h"

namespace skiff {

// The sidecar beside an instance, for what arrives there: the chain of policies with the one
// application behind it.
class SimGuard final : public Forwarder, private EndpointForwarders {
 public:
  SimGuard(SimContext& context, SimInstance& instance, const TrafficPolicy& policy);

  void forward(Exchange& exchange, Reply& reply) override { chain_.forward(exchange, reply); }

 private:
  Forwarder& make_forwarder(Endpoint& endpoint) override;

  SimInstance& instance_;
  PolicyStates states_;
  EndpointSet endpoints_;
  TargetChain chain_;
};

}  // namespace skiff
