#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/text_map.h"
#include "sidecar/app/limit_states.h"
#include "sidecar/observe/labelled_counters.h"
#include "sidecar/policy/jwt.h"
#include "sidecar/policy/pauses.h"
#include "sidecar/policy/rate_limit.h"
#include "sidecar/route/route_table.h"

namespace skiff {

// The JWTPolicies in force, as all workers share them, by PolicyIndex; null: not asked here.
using TokenRules = std::vector<std::shared_ptr<const JwtRules>>;

// Makes the limits of a plan, and what verifies tokens for them, ready for one worker, and keeps
// its connections to Redis: one for each address, however many limits are there.
class LimitMaker final {
 public:
  // All outlive it. `in_redis`: buckets that stand for those in Redis, which is not asked then;
  // simulations have them.
  LimitMaker(Loop& loop, Pauses& pauses, LimitStates& states, NamedCounters& counters,
             LimitStates* in_redis = nullptr)
      : loop_(loop), pauses_(pauses), states_(states), counters_(counters), in_redis_(in_redis) {}

  // By index in the plan. This outlives them.
  std::vector<std::unique_ptr<RateLimit>> make(const RoutePlan& plan);
  // In the same order, null for null. Those of the same name take over what those `before`
  // remember.
  std::vector<std::unique_ptr<Jwt>> make(const TokenRules& rules,
                                         std::span<const std::unique_ptr<Jwt>> before);

 private:
  std::unique_ptr<RateLimit> make(const RateLimitSpec& spec);
  std::unique_ptr<Jwt> make(const std::shared_ptr<const JwtRules>& rules);
  std::unique_ptr<RedisBuckets> make_redis(const RateLimitSpec& spec);
  RedisClient& client_of(const std::string& address);

  Loop& loop_;
  Pauses& pauses_;
  LimitStates& states_;
  NamedCounters& counters_;
  LimitStates* const in_redis_;
  TextMap<std::unique_ptr<RedisClient>> clients_;  // By address.
};

}  // namespace skiff
