#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text_map.h"
#include "config/schema/rate_limit_policy.h"
#include "sidecar/route/route_table.h"

namespace skiff {

// Which limits hold where: those of all RateLimitPolicies that name the thing or the whole that it
// is part of. Only limits that hold somewhere get into the plan. The policies outlive it.
class LimitList final {
 public:
  // Indexes into RoutePlan::limits, in the order in which they are asked: those with buckets of
  // this process first, since what they refuse another sidecar need not hear of; else the older
  // policy, then by name.
  using Chosen = std::vector<std::uint32_t>;

  LimitList(const std::vector<RateLimitPolicy>& policies, RoutePlan& plan);

  Chosen for_service(std::string_view ns, std::string_view name);
  // `kind` is HTTPRoute or GRPCRoute.
  Chosen for_rule(std::string_view kind, const Metadata& route, std::string_view rule_name);
  Chosen for_listener(const Metadata& gateway, std::string_view listener);

 private:
  Chosen choose(const std::string& whole, std::string_view section);
  std::uint32_t index_of(const RateLimitPolicy& policy, std::size_t limit);

  RoutePlan& plan_;
  TextMap<std::vector<const RateLimitPolicy*>> by_target_;  // `KIND/NAMESPACE/NAME/SECTION`.
  TextMap<std::uint32_t> indexes_;                          // By the limit's name.
};

}  // namespace skiff
