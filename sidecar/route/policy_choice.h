#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/text_map.h"
#include "config/schema/service.h"
#include "config/schema/traffic_policy.h"

namespace skiff {

// Which TrafficPolicy is in force where (GEP-713): the one whose targetRefs name the thing most
// specifically, as a whole; of equals the older, then by name. The policies outlive it.
class PolicyChoice final {
 public:
  explicit PolicyChoice(const std::vector<TrafficPolicy>& policies);

  // One port (targetRefs with sectionName or port) before the whole service. Null: none.
  const TrafficPolicy* for_port(const Metadata& service, const ServicePort& port) const;

  // One rule (targetRefs with sectionName) before the whole route. Null: none.
  const TrafficPolicy* for_rule(std::string_view kind, const Metadata& route,
                                std::string_view rule_name) const;

 private:
  const TrafficPolicy* find(const std::string& key) const;

  TextMap<const TrafficPolicy*> by_key_;  // The one that wins.
};

}  // namespace skiff
