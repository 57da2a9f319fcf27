#include "sidecar/simulate/sim_way.h"

#include <utility>

#include "sidecar/simulate/sim_attempt.h"

namespace skiff {

SimWay::SimWay(SimContext& context, const SimWaySettings& settings, SimInstance& to)
    : context_(context),
      settings_(settings),
      to_(to),
      limit_(context.waits, wire_),
      watched_(nullptr, context.loop, limit_) {}

void SimWay::Wire::forward(Exchange& exchange, Reply& reply) {
  way_.context_.attempts.take(way_.context_).start(way_, exchange, reply);
}

void SimWay::limit_by(std::shared_ptr<Bulkhead> bulkhead) {
  limit_.use(bulkhead.get());
  bulkhead_ = std::move(bulkhead);
}

void SimWay::watch_by(std::shared_ptr<Admission> watch) {
  watched_.use(watch.get());
  watch_ = std::move(watch);
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
