#include "sidecar/app/target_chain.h"

#include <utility>

namespace skiff {

TargetChain::TargetChain(const ChainContext& context, std::shared_ptr<TargetState> state,
                         const TrafficPolicy& policy)
    : loop_(context.loop),
      state_(std::move(state)),
      endpoints_(context.endpoints),
      balance_(context.endpoints, context.forwarders, context.loop.random(), context.loop),
      grpc_status_(context.pauses, context.loop, balance_),
      bulkhead_(context.waits, grpc_status_),
      breaker_(nullptr, context.loop, bulkhead_),
      retry_(policy.retry,
             {context.pauses, context.loop, context.loop.random(), state_->retry_budget(),
              context.knows_routes},
             breaker_),
      hedge_({context.loop, context.pauses, state_->retry_budget(), state_->hedges()}, retry_),
      ready_({context.loop, context.pauses, *this, state_->readiness()}, hedge_),
      callers_(context.waits, ready_),
      faults_(context.pauses, context.loop, context.loop.random(), callers_),
      deadline_(context.knows_routes, context.loop, faults_),
      timeouts_(policy.timeouts, deadline_) {
  configure(policy);
}

TargetChain::~TargetChain() {
  if (panics_) state_->set_panic(false, endpoints_.availability());
}

void TargetChain::configure(const TrafficPolicy& policy) {
  state_->retry_budget().configure(policy.retry.budget);
  grpc_status_.configure(policy.retry);
  retry_.configure(policy.retry);
  hedge_.configure(policy.retry);
  ready_.configure(policy.wait_for_ready);
  timeouts_.configure(policy.timeouts);
  limit(policy);
}

void TargetChain::limit(const TrafficPolicy& policy) {
  criticality_ = policy.criticality;
  state_->bulkheads().configure(policy.bulkhead);
  breaker_.use(state_->breaker().configure(policy.circuit_breaker, loop_.random(), loop_.now()));
  eject_by(state_->ejection().configure(policy.outlier_ejection, loop_.random(), loop_.now()));
  bulkhead_.use(policy.bulkhead.target ? state_->bulkheads().target() : nullptr);
  callers_.use(policy.bulkhead.caller ? state_->bulkheads().callers() : nullptr);
}

// ---- Outlier ejection: decided for all workers, followed by each when it has a request.

void TargetChain::eject_by(OutlierEjection* ejection) {
  if (ejection_ != nullptr && ejection == nullptr) endpoints_.set_ejected({}, loop_.now());
  ejection_ = ejection;
  ejections_seen_ = 0;
}

void TargetChain::follow_ejections() {
  const TimePoint now = loop_.now();
  const std::uint64_t version = ejection_->version(now);
  if (version == ejections_seen_) return;
  ejections_seen_ = version;
  endpoints_.set_ejected(ejection_->ejected(), now);
  look_for_panic();
}

void TargetChain::look_for_panic() {
  if (endpoints_.panics() == panics_) return;
  panics_ = endpoints_.panics();
  state_->set_panic(panics_, endpoints_.availability());
}

void TargetChain::set_endpoints(const EndpointSpecs& specs) {
  look_for_panic();
  if (ejection_ == nullptr) return;
  ejection_->set_endpoints(specs);
  ejections_seen_ = 0;
}

void TargetChain::set_healthy(std::string_view address, bool healthy) {
  endpoints_.set_healthy(address, healthy, loop_.now());
  if (ejection_ != nullptr) ejection_->set_healthy(address, healthy);
  look_for_panic();
}

}  // namespace skiff
