#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "sidecar/app/limit_maker.h"
#include "sidecar/app/route_policies.h"
#include "sidecar/app/target.h"
#include "sidecar/policy/authorize.h"
#include "sidecar/route/endpoint_index.h"
#include "sidecar/route/route_table.h"

namespace skiff {

// One state of the configuration, as all workers share it.
struct SharedPlans {
  std::uint64_t number = 0;  // Counted from 1.
  std::shared_ptr<const RoutePlan> route;
  std::shared_ptr<const Authorizer> authorizer;    // Of the own service; null: nobody is refused.
  std::shared_ptr<const EndpointIndex> endpoints;  // Of `route`; null: nothing is captured.
  TokenRules tokens{};                             // Empty: none is asked.
};

// The same, as one worker uses it. An exchange keeps the generation that it was routed by until it
// is over.
struct Generation {
  std::uint64_t number = 0;
  std::shared_ptr<const RoutePlan> plan;
  std::shared_ptr<const Authorizer> authorizer;
  std::shared_ptr<const EndpointIndex> endpoints;
  std::vector<Target*> targets;                    // By index in the plan; of the worker's Targets.
  std::vector<std::unique_ptr<RateLimit>> limits;  // By index in the plan.
  std::vector<std::unique_ptr<Jwt>> tokens;        // By PolicyIndex.
  std::unique_ptr<RoutePolicies> policies;
  std::uint32_t in_use = 0;  // Exchanges.
};

// A worker's targets, and the generations that are still in use.
class Generations final {
 public:
  Generations(const TargetContext& context, LimitMaker& limits)
      : context_(context), limits_(limits) {}

  // Puts `plans` in force for the next request. Targets of the same name live on.
  void apply(SharedPlans plans);

  // Null before the first apply().
  Generation* current() { return current_.get(); }

  // Keeps `generation` until the exchange is over.
  void use(Generation& generation, Exchange& exchange);

  void set_healthy(const std::string& target, std::string_view address, bool healthy);
  void tidy();
  const std::unordered_map<std::string, std::unique_ptr<Target>>& targets() const {
    return targets_;
  }

 private:
  class Use;

  void released(Generation& generation);

  const TargetContext& context_;
  LimitMaker& limits_;
  std::unordered_map<std::string, std::unique_ptr<Target>> targets_;
  std::vector<std::unique_ptr<Target>> removed_;  // Until no old generation is in use.
  std::vector<std::unique_ptr<Generation>> old_;
  std::unique_ptr<Generation> current_;
};

}  // namespace skiff
