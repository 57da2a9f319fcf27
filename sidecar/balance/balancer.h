#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/clock.h"
#include "base/random.h"
#include "config/schema/traffic_policy.h"
#include "sidecar/balance/endpoint.h"

namespace skiff {

// What a choice may depend on.
struct Pick {
  TimePoint now{};
  std::uint64_t hash = 0;           // Of the request's hash key; 0: it has none.
  const Endpoint* avoid = nullptr;  // Tried already: chosen only where there is no other.
};

// Chooses among a target's endpoints. A decider: no I/O, told the time. Owned by one worker.
class Balancer {
 public:
  virtual ~Balancer() = default;

  // `usable` are the endpoints that may be chosen now, each with a weight above 0, in an order that
  // stays; called before the first choice and after every change of membership, weight or
  // usability. The span and its elements stay valid until the next rebuild.
  virtual void rebuild(std::span<Endpoint* const> usable, TimePoint now) = 0;

  // Null only when `usable` was empty.
  virtual Endpoint* pick(const Pick& pick, Random& random) = 0;
};

// `p2c_ewma`, `least_request`, `round_robin` and `random` heed the slow start; `ring_hash` and
// `maglev` do not, since a key would come back to its endpoint only after it.
std::unique_ptr<Balancer> make_balancer(const LoadBalancingConfig& config,
                                        const SlowStartConfig& slow_start);

}  // namespace skiff
