#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/schema/traffic_policy.h"
#include "sidecar/app/target.h"
#include "sidecar/simulate/sim_counted.h"
#include "sidecar/simulate/sim_routes.h"
#include "sidecar/simulate/sim_service.h"
#include "sidecar/simulate/sim_way.h"

namespace skiff {

// Where the targets' policies and instances, and the routes, are looked up; outlives all sidecars.
class SimMesh {
 public:
  virtual SimService& service(const std::string& name) = 0;
  virtual const TrafficPolicy& policy(const std::string& target) = 0;
  // Null: there are no routes, and all requests go straight to their target.
  virtual std::shared_ptr<const RoutePlan> plan() = 0;

 protected:
  ~SimMesh() = default;
};

// A sidecar: of a client, or of an instance that calls others. Its targets and its router are the
// real ones, with the simulated network behind them.
class SimSidecar final : private Ways {
 public:
  // `scope`: what it sees of the routes.
  SimSidecar(SimContext& context, SimMesh& mesh, const std::string& name, SimWaySettings settings,
             RouteScope scope);
  ~SimSidecar();

  // Where a request for this target goes: to the router, or straight to it.
  Forwarder& way_to(const std::string& target);
  // What the registry says of instances is another now.
  void refresh();

  // By target.
  const std::map<std::string, SimSent>& sent() const { return sent_; }
  std::uint32_t in_flight() const;

 private:
  class Check;
  struct Called {
    TargetSpec spec;
    std::unique_ptr<Target> own;  // Null: it is one of the router's.
    Target* target = nullptr;
    std::vector<std::unique_ptr<Check>> checks;  // Of the endpoints' health.
  };

  std::unique_ptr<Way> make(const std::string& target, const KnownEndpoint& to,
                            const WaySettings& settings) override;
  void route();
  Called& called(const std::string& target);
  void refresh(Called& called);

  SimContext& context_;
  SimMesh& mesh_;
  const SimWaySettings settings_;
  const RouteScope scope_;
  const MeshIdentity identity_;  // None: the network is not asked who is who.
  PolicyStates states_;
  SimCounted counted_;
  const TargetContext targets_;
  std::map<std::string, SimSent> sent_;
  std::unique_ptr<SimRoutes> routes_;
  std::map<std::string, Called> called_;
};

}  // namespace skiff
