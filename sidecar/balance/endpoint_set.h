#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "config/schema/traffic_policy.h"
#include "sidecar/balance/balancer.h"
#include "sidecar/balance/endpoint.h"

namespace skiff {

// A target's endpoints and the choice among them, for one worker. Decider: no I/O, told the time.
//
// Which may be chosen: the healthy ones with a weight; of these only the own zone's while enough of
// it is available (`zoneSpill`); all with a weight when fewer than `panicThreshold` are healthy.
class EndpointSet final {
 public:
  EndpointSet(const LoadBalancingConfig& config, const SlowStartConfig& slow_start,
              std::string_view own_zone);
  ~EndpointSet();

  // Replaces the membership. An endpoint whose address stays keeps its state; a new one starts its
  // slow start at `now` (not those of the very first update). `added` is called for each new one,
  // and `removed` for each that goes, before this returns; a removed Endpoint object stays valid
  // until its in_flight is 0 and forget_removed() ran.
  void update(std::vector<EndpointSpec> specs, TimePoint now,
              const std::function<void(Endpoint&)>& added,
              const std::function<void(Endpoint&)>& removed);

  // A change of configuration that keeps the endpoints' state.
  void configure(const LoadBalancingConfig& config, const SlowStartConfig& slow_start,
                 TimePoint now);

  // By active checks. Unknown addresses are ignored.
  void set_healthy(std::string_view address, bool healthy, TimePoint now);

  Endpoint* pick(const Pick& pick, Random& random);

  // Bookkeeping of one attempt, in this order: started, answered (not when it was given up), ended.
  void started(Endpoint& endpoint);
  // `latency` from sent to the answer's head; `bad`: 5xx, 429 or no answer, which is priced at
  // errorPenalty so that fast errors attract nothing.
  void answered(Endpoint& endpoint, Duration latency, bool bad, TimePoint now);
  void ended(Endpoint& endpoint);

  void forget_removed();

  bool panics() const { return panics_; }  // All are used though most are not healthy.
  const std::vector<std::unique_ptr<Endpoint>>& endpoints() const { return endpoints_; }

 private:
  void rebuild(TimePoint now);

  LoadBalancingConfig config_;
  SlowStartConfig slow_start_;
  std::string own_zone_;
  std::vector<EndpointSpec> specs_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  std::vector<std::unique_ptr<Endpoint>> removed_;
  std::vector<Endpoint*> usable_;
  std::unique_ptr<Balancer> balancer_;
  bool panics_ = false;
  bool first_update_ = true;
};

}  // namespace skiff
