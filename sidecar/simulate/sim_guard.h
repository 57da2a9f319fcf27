#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sidecar/app/limit_maker.h"
#include "sidecar/app/target_chain.h"
#include "sidecar/simulate/sim_counted.h"
#include "sidecar/simulate/sim_instance.h"

namespace skiff {

// The sidecar beside an instance, for what arrives there: the limits of its service, then the chain
// of policies with the one application behind it.
class SimGuard final : public Forwarder, private AfterLimits, private EndpointForwarders {
 public:
  // `plan` is that of the instance's own service; null: there are no limits.
  SimGuard(SimContext& context, SimInstance& instance, const TrafficPolicy& policy,
           std::shared_ptr<const RoutePlan> plan);

  void forward(Exchange& exchange, Reply& reply) override;

 private:
  void let_through(Exchange& exchange, Reply& reply) override { chain_.forward(exchange, reply); }
  Forwarder& make_forwarder(Endpoint& endpoint) override;

  SimContext& context_;
  SimInstance& instance_;
  PolicyStates states_;
  SimCounted counted_;
  LimitMaker maker_;
  const std::shared_ptr<const RoutePlan> plan_;
  std::vector<std::unique_ptr<RateLimit>> limits_;  // By index in the plan.
  EndpointSet endpoints_;
  TargetChain chain_;
};

}  // namespace skiff
