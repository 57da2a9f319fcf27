#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace skiff {

// A change of state of one policy that an operator wants to know of, with the numbers that caused
// it: `circuit_breaker of product.shop: closed -> open: 12 of 20 calls failed (60% >= 50%)`.
struct PolicyEvent {
  std::string_view policy;   // A literal: its stem.
  std::string_view subject;  // What it is for: a target, or `TARGET ENDPOINT`.
  std::string_view from;
  std::string_view to;
  std::string why;
};

// Told outside any lock, in the thread of the request that caused the change.
using OnPolicyEvent = std::function<void(const PolicyEvent&)>;

}  // namespace skiff
