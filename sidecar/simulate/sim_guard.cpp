#include "sidecar/simulate/sim_guard.h"

#include <utility>
#include <vector>

#include "sidecar/simulate/sim_service.h"

namespace skiff {

SimGuard::SimGuard(SimContext& context, SimInstance& instance, const TrafficPolicy& policy)
    : instance_(instance),
      states_(context.teller(instance.address())),
      endpoints_(policy.load_balancing, policy.slow_start, ""),
      chain_({context.loop, context.pauses, context.waits, endpoints_, *this, false},
             states_.of(instance.service().spec().name), policy) {
  const EndpointSpec only{.address = instance.address(), .weight = 1, .zone = ""};
  endpoints_.update(
      std::vector{only}, context.agenda.now(), [](Endpoint&) {}, [](Endpoint&) {});
}

Forwarder& SimGuard::make_forwarder(Endpoint& endpoint) {
  endpoint.forwarder = &instance_;
  return instance_;
}

}  // namespace skiff
