#pragma once

#include <memory>

#include "sidecar/app/policy_states.h"
#include "sidecar/balance/balance.h"
#include "sidecar/http/criticality.h"
#include "sidecar/policy/caller_bulkheads.h"
#include "sidecar/policy/deadline.h"
#include "sidecar/policy/grpc_status.h"
#include "sidecar/policy/pauses.h"
#include "sidecar/policy/retry.h"
#include "sidecar/policy/timeouts.h"
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
class TargetChain final : public Forwarder {
 public:
  TargetChain(const ChainContext& context, std::shared_ptr<TargetState> state,
              const TrafficPolicy& policy);

  void configure(const TrafficPolicy& policy);
  void forward(Exchange& exchange, Reply& reply) override {
    settle_criticality(criticality_, exchange);
    timeouts_.forward(exchange, reply);
  }

 private:
  void limit(const TrafficPolicy& policy);

  const std::shared_ptr<TargetState> state_;
  Criticality criticality_ = Criticality::normal;

  // From the last stage to the first.
  // 7 One endpoint is chosen for each attempt, and how it went is remembered.
  Balance balance_;
  // 6 What became of a call of gRPC is known to those above.
  WithGrpcStatus grpc_status_;
  // 5 So many attempts at a time.
  WithBulkhead bulkhead_;
  // 4 What failed may be sent again.
  Retry retry_;
  // 3 So many requests of one caller at a time.
  WithCallerBulkheads callers_;
  // 2 The caller may have less time than we would give.
  Deadline deadline_;
  // 1 How long all of it may take.
  Timeouts timeouts_;
};

}  // namespace skiff
