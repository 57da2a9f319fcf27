#pragma once

#include <memory>

#include "sidecar/app/generation.h"
#include "sidecar/app/router.h"
#include "sidecar/simulate/sim_context.h"

namespace skiff {

// The router of one sidecar with all that it stands on, as a worker has it. Tokens are not asked
// for.
class SimRoutes final : public Forwarder, private AgendaEntry {
 public:
  // All outlive it. Whoever made it puts a plan in force next.
  SimRoutes(SimContext& context, const TargetContext& targets, NamedCounters& counters,
            RouteScope scope);

  void apply(std::shared_ptr<const RoutePlan> plan);
  void forward(Exchange& exchange, Reply& reply) override { router_.forward(exchange, reply); }

  // Of the plan in force, by name.
  Target& target(const std::string& name) { return *generations_.targets().at(name); }

 private:
  // FaultPolicies whose time is over.
  void occur(TimePoint now) override;

  SimContext& context_;
  PolicyStates& states_;
  std::uint64_t number_ = 0;
  NamedCounters& counters_;
  SeriesTable series_;
  WorkerMetrics metrics_;
  LimitMaker limits_;
  Generations generations_;
  OwnCalls own_calls_;
  Mirrors mirrors_;
  Router router_;
};

}  // namespace skiff
