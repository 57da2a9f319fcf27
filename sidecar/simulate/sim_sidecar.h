#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/schema/traffic_policy.h"
#include "sidecar/app/target_chain.h"
#include "sidecar/balance/health.h"
#include "sidecar/simulate/sim_service.h"
#include "sidecar/simulate/sim_way.h"

namespace skiff {

// Where the targets' policies and instances are looked up; outlives all sidecars.
class SimMesh {
 public:
  virtual SimService& service(const std::string& name) = 0;
  virtual const TrafficPolicy& policy(const std::string& target) = 0;

 protected:
  ~SimMesh() = default;
};

// One target as one sidecar calls it: the real chain of policies, with the network behind it.
class SimTarget final : public Forwarder, private EndpointForwarders {
 public:
  SimTarget(SimContext& context, SimService& service, const TrafficPolicy& policy,
            PolicyStates& states, SimWaySettings settings);
  ~SimTarget() override;

  void forward(Exchange& exchange, Reply& reply) override { chain_.forward(exchange, reply); }

  // The instances are others now, as the registry says.
  void refresh();

  EndpointSet& endpoints() { return endpoints_; }
  std::uint64_t attempts() const;
  std::uint64_t retries() const;  // Of these.
  std::uint32_t in_flight() const;

 private:
  class Check;

  Forwarder& make_forwarder(Endpoint& endpoint) override;

  SimContext& context_;
  SimService& service_;
  const TrafficPolicy policy_;
  const SimWaySettings settings_;
  const std::shared_ptr<TargetState> state_;
  EndpointSet endpoints_;
  std::unordered_map<SimInstance*, std::unique_ptr<SimWay>> ways_;
  TargetChain chain_;
  std::vector<std::unique_ptr<Check>> checks_;
};

// A sidecar: of a client, or of an instance that calls others.
class SimSidecar final {
 public:
  SimSidecar(SimContext& context, SimMesh& mesh, const std::string& name, SimWaySettings settings);

  // Made when it is first used.
  SimTarget& target(const std::string& name);
  const std::map<std::string, std::unique_ptr<SimTarget>>& targets() const { return targets_; }

 private:
  SimContext& context_;
  SimMesh& mesh_;
  const SimWaySettings settings_;
  PolicyStates states_;
  std::map<std::string, std::unique_ptr<SimTarget>> targets_;
};

}  // namespace skiff
