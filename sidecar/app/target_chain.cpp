#include "sidecar/app/target_chain.h"

#include <utility>

namespace skiff {

TargetChain::TargetChain(const ChainContext& context, std::shared_ptr<TargetState> state,
                         const TrafficPolicy& policy)
    : state_(std::move(state)),
      balance_(context.endpoints, context.forwarders, context.loop.random(), context.loop),
      grpc_status_(context.pauses, context.loop, balance_),
      bulkhead_(context.waits, grpc_status_),
      retry_(policy.retry,
             {context.pauses, context.loop, context.loop.random(), state_->retry_budget()},
             bulkhead_),
      callers_(context.waits, retry_),
      deadline_(context.knows_routes, context.loop, callers_),
      timeouts_(policy.timeouts, deadline_) {
  configure(policy);
}

void TargetChain::configure(const TrafficPolicy& policy) {
  state_->retry_budget().configure(policy.retry.budget);
  grpc_status_.configure(policy.retry);
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
