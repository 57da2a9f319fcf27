#include "sidecar/policy/jwt_memory.h"

namespace skiff {

const RememberedToken* JwtMemory::find(const TokenHash& hash) {
  const auto found = found_.find(hash);
  if (found == found_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return &found->second->second;
}

void JwtMemory::add(const TokenHash& hash, RememberedToken token) {
  if (most_ == 0) return;
  forget(hash);
  if (found_.size() == most_) lose_last();
  entries_.emplace_front(hash, std::move(token));
  found_.emplace(hash, entries_.begin());
}

void JwtMemory::forget(const TokenHash& hash) {
  const auto found = found_.find(hash);
  if (found == found_.end()) return;
  entries_.erase(found->second);
  found_.erase(found);
}

void JwtMemory::limit(std::size_t most) {
  most_ = most;
  while (found_.size() > most_) lose_last();
}

void JwtMemory::lose_last() {
  found_.erase(entries_.back().first);
  entries_.pop_back();
}

}  // namespace skiff
