#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sidecar/app/policy_states.h"
#include "sidecar/balance/balance.h"
#include "sidecar/http/criticality.h"
#include "sidecar/policy/caller_bulkheads.h"
#include "sidecar/policy/deadline.h"
#include "sidecar/policy/fault.h"
#include "sidecar/policy/grpc_status.h"
#include "sidecar/policy/hedge.h"
#include "sidecar/policy/pauses.h"
#include "sidecar/policy/retry.h"
#include "sidecar/policy/timeouts.h"
#include "sidecar/policy/wait_for_ready.h"
#include "sidecar/policy/with_admission.h"
#include "sidecar/policy/with_bulkhead.h"
#include "sidecar/transport/loop.h"

namespace skiff {

// What a chain stands on; outlives it.
struct ChainContext {
  Loop& loop;
  Pauses& pauses;
  BulkheadWaits& waits;
  EndpointSet& endpoints;
  EndpointForwarders& forwarders;
  bool knows_routes = true;  // False of the application: all that it does is one route.
};

// The policies that every request to one target meets, of one worker, in their order. What workers
// share of them is in the TargetState. Knows neither sockets nor routes, so that simulations use it
// as it is.
class TargetChain final : public Forwarder, private EndpointsSeen {
 public:
  TargetChain(const ChainContext& context, std::shared_ptr<TargetState> state,
              const TrafficPolicy& policy);
  ~TargetChain() override;

  void configure(const TrafficPolicy& policy);
  // The context's EndpointSet is configured and has these endpoints now.
  void set_endpoints(const EndpointSpecs& specs);
  // What the results of requests to one endpoint are told to; null: nothing. Lives as long as the
  // TargetState.
  std::shared_ptr<Admission> watch(const std::string& address) {
    return ejection_ == nullptr ? nullptr : ejection_->watch(address);
  }
  void set_healthy(std::string_view address, bool healthy);
  void forward(Exchange& exchange, Reply& reply) override {
    settle_criticality(criticality_, exchange);
    if (ejection_ != nullptr) follow_ejections();
    timeouts_.forward(exchange, reply);
  }

 private:
  bool none_accepts() const override { return endpoints_.none_accepts(); }
  std::size_t count() const override { return endpoints_.usable(); }
  void limit(const TrafficPolicy& policy);
  void eject_by(OutlierEjection* ejection);
  void follow_ejections();
  void look_for_panic();

  Loop& loop_;
  const std::shared_ptr<TargetState> state_;
  Criticality criticality_ = Criticality::normal;
  EndpointSet& endpoints_;
  OutlierEjection* ejection_ = nullptr;  // Null: off.
  std::uint64_t ejections_seen_ = 0;     // Its version that endpoints_ follows.
  bool panics_ = false;                  // As the TargetState was told of endpoints_.

  // From the last stage to the first.
  // 11 One endpoint is chosen for each attempt, and how it went is remembered.
  Balance balance_;
  // 10 What became of a call of gRPC is known to those above.
  WithGrpcStatus grpc_status_;
  // 9 So many attempts at a time.
  WithBulkhead bulkhead_;
  // 8 None where most would fail: before one could wait for room.
  WithAdmission breaker_;
  // 7 What failed may be sent again.
  Retry retry_;
  // 6 What takes long may be sent once more beside it, each with retries of its own.
  Hedge hedge_;
  // 5 Whom nobody accepts waits: before the budget of retries, after a caller's own room.
  WaitForReady ready_;
  // 4 So many requests of one caller at a time.
  WithCallerBulkheads callers_;
  // 3 What is to go wrong on purpose does, and nobody behind takes it for the backend's fault.
  InjectFaults faults_;
  // 2 The caller may have less time than we would give.
  Deadline deadline_;
  // 1 How long all of it may take.
  Timeouts timeouts_;
};

}  // namespace skiff
