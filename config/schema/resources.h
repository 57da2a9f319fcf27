#pragma once

#include <vector>

#include "config/schema/gateway.h"
#include "config/schema/http_route.h"
#include "config/schema/service.h"
#include "config/schema/traffic_policy.h"

namespace skiff {

// All policies that are in force together: each document checked by itself (yaml_reader) and all
// checked against each other (snapshot). Immutable once built; shared by all workers.
struct Resources {
  std::vector<Service> services;
  std::vector<Gateway> gateways;
  std::vector<HTTPRoute> http_routes;
  std::vector<TrafficPolicy> traffic_policies;
};

}  // namespace skiff
