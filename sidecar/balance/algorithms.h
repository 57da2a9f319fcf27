#pragma once

#include <memory>

#include "sidecar/balance/balancer.h"

namespace skiff {

// The least cost among two: peak EWMA of the latency, times (requests in flight + 1), in which one
// request in flight weighs the less, the larger the endpoint's weight is.
std::unique_ptr<Balancer> make_p2c_ewma(const LoadBalancingConfig& config,
                                        const SlowStartConfig& slow_start);

// The fewest requests in flight, in proportion to weight, among two.
std::unique_ptr<Balancer> make_least_request(const SlowStartConfig& slow_start);

// Each in turn, as often as its weight says and as evenly spread as can be.
std::unique_ptr<Balancer> make_round_robin(const SlowStartConfig& slow_start);

// Drawn by weight.
std::unique_ptr<Balancer> make_random(const SlowStartConfig& slow_start);

// Equal hashes go to the same endpoint, and most still do when others come or go; without a hash it
// is drawn. `pick.avoid` is left for the next one.
//   ring_hash: a ring with a number of points per endpoint that follows its weight.
//   maglev: a table; closer to the weights, cheaper to ask, moves a few more keys.
std::unique_ptr<Balancer> make_ring_hash(const LoadBalancingConfig& config);
std::unique_ptr<Balancer> make_maglev(const LoadBalancingConfig& config);

}  // namespace skiff
