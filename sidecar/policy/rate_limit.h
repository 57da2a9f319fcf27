#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "config/schema/rate_limit_policy.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/policy/rate_limit_key.h"
#include "sidecar/policy/redis_buckets.h"
#include "sidecar/policy/token_buckets.h"

namespace skiff {

// What a limit decided; counted by any thread.
struct LimitCounts {
  std::atomic<std::uint64_t>& allowed;
  std::atomic<std::uint64_t>& limited;
};

// One limit at one worker: whom it is for, what the answer says, and where its buckets are.
class RateLimit final {
 public:
  // `name` is `NAMESPACE/POLICY/LIMIT`. Of both kinds of buckets one is there.
  struct Parts {
    std::string name;
    RateLimitConfig config;
    std::shared_ptr<TokenBuckets> buckets{};  // Which the workers share; with scope redis null.
    std::unique_ptr<RedisBuckets> redis{};
    LimitCounts counts;
  };

  explicit RateLimit(Parts parts);

  const std::string& name() const { return parts_.name; }
  const RateLimitConfig& config() const { return parts_.config; }
  const RateLimitKey& key() const { return key_; }
  bool is_shadow() const { return parts_.config.mode == RateLimitConfig::Mode::shadow; }
  bool lets_through_on_error() const;
  RedisBuckets* redis() const { return parts_.redis.get(); }

  // Need buckets of this process. The request matches.
  BucketAnswer take(Exchange& exchange, TimePoint now);
  void give_back(Exchange& exchange);

  void count(bool allowed);

 private:
  const Parts parts_;
  const RateLimitKey key_;
};

// Who goes on with a request that its limits let through.
class AfterLimits {
 public:
  virtual void let_through(Exchange& exchange, Reply& reply) = 0;

 protected:
  ~AfterLimits() = default;
};

// Which limits a request meets.
struct LimitsToAsk {
  std::span<const std::unique_ptr<RateLimit>> all;
  std::span<const std::uint32_t> chosen;  // Of `all`, in their order; those with a Redis last.
  const Clock& clock;
};

// Asks each limit for a token. The first that has none refuses with ErrorKind::rate_limited, and
// what others of this process gave is put back. What is let through goes on to `after`, within this
// call or later; its answer says of the bucket with the fewest tokens what is left in it.
//
// All that is given outlives the exchange, or lies in its arena.
void ask_limits(const LimitsToAsk& limits, Exchange& exchange, Reply& reply, AfterLimits& after);

}  // namespace skiff
