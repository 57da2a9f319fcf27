#include "sidecar/app/target_chain.h"

#include <utility>

namespace skiff {

TargetChain::TargetChain(const ChainContext& context, std::shared_ptr<TargetState> state,
                         const TrafficPolicy& policy)
    : state_(std::move(state)),
      balance_(context.endpoints, context.forwarders, context.loop.random(), context.loop),
      bulkhead_(context.waits, balance_),
      retry_(policy.retry, bulkhead_),
      callers_(context.waits, retry_),
      timeouts_(policy.timeouts, callers_) {
  limit(policy);
}

void TargetChain::configure(const TrafficPolicy& policy) {
  retry_.configure(policy.retry);
  timeouts_.configure(policy.timeouts);
  limit(policy);
}

void TargetChain::limit(const TrafficPolicy& policy) {
  criticality_ = policy.criticality;
  state_->bulkheads().configure(policy.bulkhead);
  bulkhead_.use(policy.bulkhead.target ? state_->bulkheads().target() : nullptr);
  callers_.use(policy.bulkhead.caller ? state_->bulkheads().callers() : nullptr);
}

}  // namespace skiff
