#pragma once

#include <string>
#include <string_view>

#include "base/openssl_handles.h"
#include "config/schema/rate_limit_policy.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/policy/pauses.h"
#include "sidecar/policy/redis_client.h"
#include "sidecar/policy/token_buckets.h"

namespace skiff {

// How the decisions of Redis went; counted by any thread.
struct RedisCounts {
  std::atomic<std::uint64_t>& decided;
  std::atomic<std::uint64_t>& late;         // Not within the timeout.
  std::atomic<std::uint64_t>& lost;         // The connection broke, or there is none.
  std::atomic<std::uint64_t>& refused;      // Redis gave an error.
  std::atomic<std::uint64_t>& nanoseconds;  // That those decided took, in all.
};

// The token buckets of one limit in a Redis, as one worker asks for them. Whoever uses the same
// limit and Redis shares them: a decision is one script there, by the clock of Redis, so in any
// time t a bucket gives at most rate * t + burst tokens to all together. A bucket is kept until it
// is full.
//
// A key names no one: of the request's key it has a hash (SHA-256).
class RedisBuckets final {
 public:
  // Who asks for a token; in the exchange's arena.
  class Asker {
   public:
    virtual void decided(Exchange& exchange, const BucketAnswer& answer) = 0;
    virtual void unavailable(Exchange& exchange) = 0;
    // The exchange was given up meanwhile. The Reply must be told `error`.
    virtual void given_up(Exchange& exchange, const Error& error) = 0;

   protected:
    ~Asker() = default;
  };

  // What outlives it.
  struct Context {
    RedisClient& client;
    Pauses& pauses;
    const Clock& clock;
    RedisCounts counts;
  };

  // `name` is the limit's.
  RedisBuckets(const Context& context, std::string_view name, const RateLimitConfig& limit);

  // `key` as RateLimitKey gives it; empty: the one bucket. The exchange waits meanwhile; `asker` is
  // told once, perhaps within this call.
  void take(Exchange& exchange, std::string_view key, Asker& asker);

 private:
  class Question;

  std::string_view name_of(Arena& arena, std::string_view key) const;
  bool ask(Question& question, bool with_script);

  const Context context_;
  const RateLimitRedisConfig redis_;
  const std::string name_;    // Of the one bucket there.
  const std::string count_;   // As text, of the rate.
  const std::string period_;  // In microseconds.
  const std::string burst_;
  const std::uint32_t limit_;
  // SHA-256, kept so that a key costs no malloc.
  const std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>> hasher_;
};

}  // namespace skiff
