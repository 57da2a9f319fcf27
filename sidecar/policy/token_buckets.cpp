#include "sidecar/policy/token_buckets.h"

#include <algorithm>
#include <mutex>

namespace skiff {

TokenBuckets::TokenBuckets(const BucketRule& rule, TimePoint now) : table_(rule.max_keys) {
  clock_.configure(rule.rate, std::max(rule.shared_by, 1U), now);
  set_limit(rule);
}

void TokenBuckets::configure(const BucketRule& rule, TimePoint now) {
  const std::lock_guard guard(lock_);
  clock_.configure(rule.rate, std::max(rule.shared_by, 1U), now);
  set_limit(rule);
  table_.set_most(rule.max_keys, time(now));
}

void TokenBuckets::set_limit(const BucketRule& rule) {
  const std::uint64_t all = rule.burst * TokenClock::token;
  limit_ = std::max(all / std::max(rule.shared_by, 1U), TokenClock::token);
}

BucketAnswer TokenBuckets::take(TimePoint now) {
  const std::lock_guard guard(lock_);
  return take_from(only_full_at_, time(now));
}

BucketAnswer TokenBuckets::take(std::string_view key, TimePoint now) {
  const Hash128 hash = hash_(key);
  const std::lock_guard guard(lock_);
  const std::uint64_t at = time(now);
  return take_from(table_.at(hash, at), at);
}

void TokenBuckets::give_back() {
  const std::lock_guard guard(lock_);
  only_full_at_ -= std::min(only_full_at_, TokenClock::token);
}

void TokenBuckets::give_back(std::string_view key) {
  const Hash128 hash = hash_(key);
  const std::lock_guard guard(lock_);
  std::uint64_t* const full_at = table_.find(hash);
  if (full_at != nullptr) *full_at -= std::min(*full_at, TokenClock::token);
}

std::uint64_t TokenBuckets::time(TimePoint now) {
  return latest_ = std::max(latest_, clock_.at(now));
}

BucketAnswer TokenBuckets::take_from(std::uint64_t& full_at, std::uint64_t now) const {
  // It lacks more than all only where the limit was lowered.
  const std::uint64_t since = std::clamp(full_at, now, now + limit_);
  BucketAnswer answer;
  answer.allowed = since + TokenClock::token <= now + limit_;
  full_at = answer.allowed ? since + TokenClock::token : since;
  const std::uint64_t lacking = full_at - now;
  const std::uint64_t left = limit_ - lacking;
  answer.limit = static_cast<std::uint32_t>(limit_ / TokenClock::token);
  answer.remaining = static_cast<std::uint32_t>(left / TokenClock::token);
  if (left < TokenClock::token) answer.until_next = clock_.time_for(TokenClock::token - left);
  answer.until_full = clock_.time_for(lacking);
  return answer;
}

std::size_t TokenBuckets::keys() const {
  const std::lock_guard guard(lock_);
  return table_.size();
}

std::uint64_t TokenBuckets::forgotten() const {
  const std::lock_guard guard(lock_);
  return table_.forgotten();
}

}  // namespace skiff
