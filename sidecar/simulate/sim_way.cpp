#include "sidecar/simulate/sim_way.h"

#include "sidecar/simulate/sim_attempt.h"

namespace skiff {

void SimWay::forward(Exchange& exchange, Reply& reply) {
  context_.attempts.take(context_).start(*this, exchange, reply);
}

bool SimWay::is_cut() const {
  return to_.trouble().unreachable ||
         (!context_.cuts.empty() && context_.is_cut(settings_.zone, to_.zone()));
}

bool SimWay::take_idle() {
  // The crash of an instance ended its connections, those that lay idle too.
  if (to_.trouble().down) idle_ = 0;
  if (idle_ == 0) return false;
  --idle_;
  return true;
}

}  // namespace skiff
