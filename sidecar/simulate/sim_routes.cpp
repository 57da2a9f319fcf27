#include "sidecar/simulate/sim_routes.h"

#include <utility>

namespace skiff {
namespace {

constexpr std::size_t most_series = 10'000;

}  // namespace

SimRoutes::SimRoutes(SimContext& context, const TargetContext& targets, NamedCounters& counters,
                     RouteScope scope)
    : context_(context),
      states_(targets.states),
      counters_(counters),
      series_(1, most_series),
      metrics_(series_, counters_, 0),
      limits_(context.loop, context.pauses, states_.limits(), counters_, &context.in_redis),
      generations_(targets, limits_),
      own_calls_(context.loop, context.exchanges),
      mirrors_(own_calls_),
      router_({context.loop, generations_, mirrors_}, std::move(scope),
              {metrics_, {.direction = Direction::outbound}}) {}

void SimRoutes::apply(std::shared_ptr<const RoutePlan> plan) {
  states_.faults.set(plan->faults, context_.agenda.now(), counters_);
  SharedPlans plans;
  plans.number = ++number_;
  plans.route = std::move(plan);
  generations_.apply(std::move(plans));
  occur(context_.agenda.now());
}

void SimRoutes::occur(TimePoint now) {
  const TimePoint next = states_.faults.expire(now, counters_);
  if (next < TimePoint::max()) context_.agenda.arm(*this, next);
}

}  // namespace skiff
