#include "sidecar/app/target_chain.h"

#include <utility>

namespace skiff {

TargetChain::TargetChain(const ChainContext& context, std::shared_ptr<TargetState> state,
                         const TrafficPolicy& policy)
    : state_(std::move(state)),
      balance_(context.endpoints, context.forwarders, context.loop.random(), context.loop),
      retry_(policy.retry, balance_),
      timeouts_(policy.timeouts, retry_) {}

void TargetChain::configure(const TrafficPolicy& policy) {
  retry_.configure(policy.retry);
  timeouts_.configure(policy.timeouts);
}

}  // namespace skiff
