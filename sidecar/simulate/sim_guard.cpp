#include "sidecar/simulate/sim_guard.h"

#include <utility>

#include "sidecar/simulate/sim_service.h"

namespace skiff {

SimGuard::SimGuard(SimContext& context, SimInstance& instance, const TrafficPolicy& policy,
                   std::shared_ptr<const RoutePlan> plan)
    : context_(context),
      instance_(instance),
      states_(context.teller(instance.address())),
      counted_(context, states_, context.teller(instance.address())),
      maker_(context.loop, context.pauses, states_.limits(), counted_.counters, &context.in_redis),
      plan_(std::move(plan)),
      endpoints_(policy.load_balancing, policy.slow_start, ""),
      chain_({context.loop, context.pauses, context.waits, endpoints_, *this, false},
             states_.of(instance.service().spec().name), policy) {
  if (plan_ != nullptr) limits_ = maker_.make(*plan_);
  const EndpointSpec only{.address = instance.address(), .weight = 1, .zone = ""};
  endpoints_.update(
      std::vector{only}, context.agenda.now(), [](Endpoint&) {}, [](Endpoint&) {});
}

void SimGuard::forward(Exchange& exchange, Reply& reply) {
  if (plan_ == nullptr || plan_->inbound.limits.empty()) return let_through(exchange, reply);
  ask_limits({limits_, plan_->inbound.limits, context_.loop}, exchange, reply, *this);
}

Forwarder& SimGuard::make_forwarder(Endpoint& endpoint) {
  endpoint.forwarder = &instance_;
  return instance_;
}

}  // namespace skiff
