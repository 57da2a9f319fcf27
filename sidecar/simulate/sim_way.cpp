#include "sidecar/simulate/sim_way.h"

#include "sidecar/simulate/sim_attempt.h"

namespace skiff {

SimWay::SimWay(SimContext& context, const SimWaySettings& settings, const WaySettings& calling,
               SimInstance& to, SimSent& sent)
    : Way(context.waits, wire_),
      context_(context),
      settings_(settings),
      calling_(calling),
      to_(to),
      sent_(sent) {}

void SimWay::Wire::forward(Exchange& exchange, Reply& reply) {
  way_.context_.attempts.take(way_.context_).start(way_, exchange, reply);
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

void SimWay::give_idle() {
  if (!retired_) ++idle_;
}

}  // namespace skiff
