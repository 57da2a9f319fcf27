#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/text_map.h"
#include "config/schema/fault_policy.h"
#include "config/schema/gateway.h"
#include "config/schema/jwt_policy.h"
#include "config/schema/service.h"
#include "config/schema/traffic_policy.h"

namespace skiff {

// Which policy of a kind is in force where (GEP-713): the one whose targetRefs name the thing most
// specifically, as a whole; of equals the older, then by name. The policies outlive it.
template <typename Policy>
class ChoiceOf final {
 public:
  explicit ChoiceOf(const std::vector<Policy>& policies);

  // One port (targetRefs with sectionName or port) before the whole service. Null: none.
  const Policy* for_port(const Metadata& service, const ServicePort& port) const;

  // The whole service, by a policy that cannot name its ports. Null: none.
  const Policy* for_service(std::string_view ns, std::string_view name) const;

  // One rule (targetRefs with sectionName) before the whole route. Null: none.
  const Policy* for_rule(std::string_view kind, const Metadata& route,
                         std::string_view rule_name) const;

  // One listener (targetRefs with sectionName) before the whole Gateway. Null: none.
  const Policy* for_listener(const Metadata& gateway, const GatewayPort& listener) const;

 private:
  const Policy* find(const std::string& key) const;

  TextMap<const Policy*> by_key_;  // The one that wins.
};

using PolicyChoice = ChoiceOf<TrafficPolicy>;
using FaultChoice = ChoiceOf<FaultPolicy>;
using JwtChoice = ChoiceOf<JWTPolicy>;

}  // namespace skiff
