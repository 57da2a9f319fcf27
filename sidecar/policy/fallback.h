#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "config/schema/fallback.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/policy/answer_store.h"
#include "sidecar/policy/pauses.h"

namespace skiff {

// One step, with what it needs. All of it outlives the exchanges.
struct ReadyStep {
  const FallbackStep* config = nullptr;
  Forwarder* other = nullptr;          // Of CLUSTER.
  const FaultRules* faults = nullptr;  // What is to go wrong there; null: nothing.
};

// Answers where a target cannot, by the first of its steps that can:
//
//   CACHED   what the target answered last to the same GET; may be younger than max_age
//   CLUSTER  another target, where the first has not begun to act, or twice does no harm
//   STATIC   always the same
//
// The target cannot: it failed, a policy of its chain refused, or the answer that remains is a 5xx
// or a failure of gRPC, which is discarded then. Where no step can answer, the failure itself goes
// on. Not for what the client is to blame for, nor when the sidecar is about to stop.
//
// What a step answered has `x-skiff-degraded`, also in Marks::degraded, and Marks::reason stays
// that of the failure. Another target's failure is followed by the next step; there is no fallback
// of the fallback.
class Fallback final {
 public:
  // `store` is for CACHED; null: there is none. The others outlive it.
  Fallback(std::vector<ReadyStep> steps, std::shared_ptr<AnswerStore> store, Pauses& pauses,
           const Clock& clock);

  // Sends the request on to `target`. One fallback serves all targets of a route.
  void forward(Exchange& exchange, Reply& reply, Forwarder& target);

 private:
  class Call;

  const std::vector<ReadyStep> steps_;
  const std::shared_ptr<AnswerStore> store_;
  Pauses& pauses_;
  const Clock& clock_;
};

}  // namespace skiff
