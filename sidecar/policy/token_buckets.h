#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/keyed_hash.h"
#include "base/rate.h"
#include "base/short_lock.h"
#include "sidecar/policy/bucket_table.h"
#include "sidecar/policy/token_clock.h"

namespace skiff {

// How full buckets get, and how fast.
struct BucketRule {
  Rate rate;
  std::uint32_t burst = 1;
  std::uint32_t shared_by = 1;  // Rate and burst are divided by it; a token there always is.
  std::uint32_t max_keys = 10'000;
};

// What became of one request for a token.
struct BucketAnswer {
  bool allowed = false;
  std::uint32_t limit = 0;      // Tokens of a full bucket.
  std::uint32_t remaining = 0;  // Whole tokens that are left.
  Duration until_next{};        // Until there is a token; zero where there is one.
  Duration until_full{};
};

// The token buckets of one limit, one or one for each key, of all workers. In any time t a bucket
// gives at most rate * t + burst tokens, and under steady demand at least rate * t - 1, whatever
// the order in which workers tell the time: it never goes back.
//
// A bucket is one number: when, by the TokenClock, it will be full. To take a token moves that on
// by one token. Source: the generic cell rate algorithm (ITU-T I.371), virtual scheduling.
//
// Any thread may call it; each call takes a short lock.
class TokenBuckets final {
 public:
  TokenBuckets(const BucketRule& rule, TimePoint now);
  TokenBuckets(const TokenBuckets&) = delete;
  TokenBuckets& operator=(const TokenBuckets&) = delete;

  // Buckets keep what was taken from them.
  void configure(const BucketRule& rule, TimePoint now);

  // Of the one bucket, and of the one of `key`.
  BucketAnswer take(TimePoint now);
  BucketAnswer take(std::string_view key, TimePoint now);

  // The request was refused elsewhere: puts the token back.
  void give_back();
  void give_back(std::string_view key);

  std::size_t keys() const;
  std::uint64_t forgotten() const;  // Keys, as there were too many.

 private:
  void set_limit(const BucketRule& rule);
  std::uint64_t time(TimePoint now);
  BucketAnswer take_from(std::uint64_t& full_at, std::uint64_t now) const;

  const KeyedHash hash_;
  mutable ShortLock lock_;  // Guards all below.
  TokenClock clock_;
  std::uint64_t latest_ = 0;  // By clock_.
  std::uint64_t limit_ = 0;   // Parts of a full bucket.
  std::uint64_t only_full_at_ = 0;
  BucketTable table_;
};

}  // namespace skiff
