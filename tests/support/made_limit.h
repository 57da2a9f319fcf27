#pragma once

#include <atomic>
#include <string>

#include "sidecar/policy/rate_limit.h"

namespace skiff::testing {

// What a limit counts, for tests.
struct MadeCounts {
  using Cell = std::atomic<std::uint64_t>;
  Cell allowed = 0;
  Cell limited = 0;
  Cell decided = 0;
  Cell late = 0;
  Cell lost = 0;
  Cell refused = 0;
  Cell nanoseconds = 0;

  LimitCounts limit() { return {allowed, limited}; }
  RedisCounts redis() { return {decided, late, lost, refused, nanoseconds}; }
};

inline RateLimitConfig made_limit(std::uint32_t burst, const std::string& header = {}) {
  RateLimitConfig config;
  config.name = "limit";
  config.rate = {10, Rate::Per::second};
  config.burst = burst;
  if (!header.empty())
    config.key.push_back({.type = RateLimitKeyConfig::Type::header, .name = header});
  return config;
}

}  // namespace skiff::testing
