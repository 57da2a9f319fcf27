#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "config/schema/traffic_policy.h"
#include "sidecar/balance/balancer.h"
#include "sidecar/balance/endpoint.h"
#include "sidecar/balance/peak_ewma.h"

namespace skiff {

// Of the endpoints that have a weight.
struct Availability {
  std::size_t all = 0;
  std::size_t available = 0;

  void count(const Endpoint& endpoint) {
    ++all;
    if (endpoint.is_available()) ++available;
  }
  bool is_below(Ratio share) const {
    return static_cast<double>(available) < share.value * static_cast<double>(all);
  }
};

// A target's endpoints and the choice among them, for one worker. Decider: no I/O, told the time.
//
// Which may be chosen: those with a weight that are healthy and not ejected; of these only the own
// zone's while enough of it is available (`zoneSpill`); all with a weight when fewer than
// `panicThreshold` are available.
class EndpointSet final {
 public:
  EndpointSet(const LoadBalancingConfig& config, const SlowStartConfig& slow_start,
              std::string_view own_zone);
  EndpointSet(const EndpointSet&) = delete;
  EndpointSet& operator=(const EndpointSet&) = delete;
  ~EndpointSet();

  // Replaces the membership. An endpoint whose address stays keeps its state; a new one starts its
  // slow start at `now` (not those of the very first update) and is taken to need what the others
  // need on average, `initialRtt` at most. `added` is called for each new endpoint, and `removed`
  // for each that goes, before this returns; a removed Endpoint and its spec stay valid until its
  // in_flight is 0 and forget_removed() ran. Where all is as before the choice goes on undisturbed.
  void update(EndpointSpecs specs, TimePoint now, const std::function<void(Endpoint&)>& added,
              const std::function<void(Endpoint&)>& removed);

  // A change of configuration that keeps the endpoints' state; where it is none, the choice too.
  void configure(const LoadBalancingConfig& config, const SlowStartConfig& slow_start,
                 TimePoint now);

  // By active checks. Unknown addresses are ignored.
  void set_healthy(std::string_view address, bool healthy, TimePoint now);

  // By what became of requests: these addresses, in order, and no others. One that comes back is
  // taken to need what those need on average that were in use, `initialRtt` at most.
  void set_ejected(std::span<const std::string> addresses, TimePoint now);

  // Null where no endpoint may be chosen.
  Endpoint* pick(const Pick& pick, Random& random) { return balancer_->pick(pick, random); }

  // Bookkeeping of one attempt, in this order: started, answered (not when it was given up), ended.
  void started(Endpoint& endpoint) { ++endpoint.in_flight; }
  // `latency` from sent to the answer's head; `bad`: 5xx, 429 or no answer, which is priced at
  // errorPenalty so that fast errors attract nothing.
  void answered(Endpoint& endpoint, Duration latency, bool bad, TimePoint now) {
    estimate_.measured(endpoint, latency, bad, now);
  }
  void ended(Endpoint& endpoint);

  void forget_removed();

  // Of those that may be chosen: each refuses, or there is none.
  bool none_accepts() const;
  std::size_t usable() const { return usable_.size(); }

  bool panics() const { return panics_; }  // All are used though most are not available.
  Availability availability() const;
  const std::vector<std::unique_ptr<Endpoint>>& endpoints() const { return endpoints_; }

 private:
  using Endpoints = std::vector<std::unique_ptr<Endpoint>>;
  // Kept until nothing is in flight to it.
  struct Removed {
    std::unique_ptr<Endpoint> endpoint;
    EndpointSpecs specs;  // Its own is among them.
  };

  void take_equal(EndpointSpecs specs);
  void take_spec(Endpoint& endpoint, const KnownEndpoint& spec) const;
  void remove(std::unique_ptr<Endpoint> endpoint, const EndpointSpecs& specs);
  double cost_of_new(TimePoint now) const;
  double cost_in_use(TimePoint now) const;
  void rebuild(TimePoint now);
  void choose_usable();

  LoadBalancingConfig config_;
  SlowStartConfig slow_start_;
  PeakEwma estimate_;
  std::string own_zone_;
  EndpointSpecs specs_;  // Each beside its endpoint, by index.
  Endpoints endpoints_;
  std::vector<Removed> removed_;
  std::vector<Endpoint*> usable_;
  std::unique_ptr<Balancer> balancer_;
  bool panics_ = false;
  bool first_update_ = true;
};

}  // namespace skiff
