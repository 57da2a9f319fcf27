#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "sidecar/app/target_chain.h"
#include "sidecar/app/way.h"
#include "sidecar/balance/endpoint_set.h"
#include "sidecar/route/route_table.h"
#include "sidecar/transport/loop.h"

namespace skiff {

// What the targets of one worker share; outlives them.
struct TargetContext {
  Loop& loop;
  Ways& ways;
  const MeshIdentity& identity;
  Pauses& pauses;
  BulkheadWaits& waits;
  PolicyStates& states;  // All workers'.
  std::string zone;
};

// One service port, as one worker calls it: the chain of policies that every request to it passes,
// its endpoints and the ways there. It outlives changes of configuration that do not concern it,
// with all that it has learned.
class Target final : public Forwarder, private EndpointForwarders {
 public:
  Target(const TargetContext& context, const TargetSpec& spec);
  ~Target() override;

  void forward(Exchange& exchange, Reply& reply) override;

  void update(const TargetSpec& spec);
  void set_healthy(std::string_view address, bool healthy);
  // Leads to one endpoint, whatever the balancer thinks of it, past its limit, and without a word
  // to its ejection; null: there is none of that address.
  Forwarder* way_for_probes(std::string_view address);
  void tidy();  // Lets go of what removed endpoints left; called now and then.

  MirrorCounts& mirrors() { return state_->mirrors(); }  // Of copies that it gets.
  const std::string& name() const { return name_; }
  const EndpointSet& endpoints() const { return endpoints_; }

 private:
  Forwarder& make_forwarder(Endpoint& endpoint) override;
  void limit(Endpoint& endpoint, Way& way);
  void removed(Endpoint& endpoint);
  void call_by(WaySettings settings);

  const TargetContext& context_;
  const std::string name_;
  LoadBalancingConfig load_balancing_;
  bool limits_endpoints_ = false;  // Each has a bulkhead.
  WaySettings calling_;
  const std::shared_ptr<TargetState> state_;
  EndpointSet endpoints_;
  std::unordered_map<Endpoint*, std::unique_ptr<Way>> ways_;
  std::vector<std::unique_ptr<Way>> retired_;
  TargetChain chain_;
};

}  // namespace skiff
