#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "sidecar/app/target.h"
#include "sidecar/policy/fallback.h"
#include "sidecar/policy/fault.h"
#include "sidecar/route/route_table.h"

namespace skiff {

// What the routes of one plan add to their targets' own chains, of one worker. Lives as long as the
// generation. A request that no such policy concerns pays two comparisons.
class RoutePolicies final {
 public:
  // `targets` are the plan's, by index. All outlive it.
  RoutePolicies(const TargetContext& context, const RoutePlan& plan,
                const std::vector<Target*>& targets);

  // Says in the exchange what is to go wrong on purpose. `gateway`: the listener that it came
  // through (RoutePlan::gateway_fault()); empty: none.
  void set_faults(const RouteRule& rule, std::uint32_t target, std::string_view gateway,
                  Exchange& exchange) const;

  // What is to go wrong of what goes to this target without a route.
  void set_faults_of(std::uint32_t target, Exchange& exchange) const;

  // Sends it to the target, in front of which stands the fallback: the rule's, else the target's.
  void forward(const RouteRule& rule, std::uint32_t target, Exchange& exchange, Reply& reply);

 private:
  const FaultRules* rules(PolicyIndex fault) const;
  std::unique_ptr<Fallback> make_fallback(const TargetContext& context, const FallbackSpec& spec);

  const RoutePlan& plan_;
  const std::vector<Target*>& targets_;
  std::vector<std::shared_ptr<const FaultRules>> faults_;  // By index in the plan.
  std::vector<std::unique_ptr<Fallback>> fallbacks_;       // The same.
};

}  // namespace skiff
