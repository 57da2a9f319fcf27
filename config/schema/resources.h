#pragma once

#include <vector>

#include "config/schema/authorization_policy.h"
#include "config/schema/fault_policy.h"
#include "config/schema/gateway.h"
#include "config/schema/grpc_route.h"
#include "config/schema/http_route.h"
#include "config/schema/jwt_policy.h"
#include "config/schema/mesh_tls.h"
#include "config/schema/rate_limit_policy.h"
#include "config/schema/service.h"
#include "config/schema/stream_route.h"
#include "config/schema/traffic_policy.h"

namespace skiff {

// All policies that are in force together: each document checked by itself (yaml_reader) and all
// checked against each other (snapshot). Immutable once built; shared by all workers.
struct Resources {
  std::vector<Service> services;
  std::vector<Gateway> gateways;
  std::vector<HTTPRoute> http_routes;
  std::vector<GRPCRoute> grpc_routes;
  std::vector<TCPRoute> tcp_routes;
  std::vector<TLSRoute> tls_routes;
  std::vector<TrafficPolicy> traffic_policies;
  std::vector<MeshTLS> mesh_tls;
  std::vector<AuthorizationPolicy> authorization_policies;
  std::vector<JWTPolicy> jwt_policies;
  std::vector<RateLimitPolicy> rate_limit_policies;
  std::vector<FaultPolicy> fault_policies;
};

// Calls `visit` with each list of resources, in the order of the reference.
template <typename AnyResources, typename Visit>
void for_each_list(AnyResources& resources, Visit&& visit) {
  visit(resources.services);
  visit(resources.gateways);
  visit(resources.http_routes);
  visit(resources.grpc_routes);
  visit(resources.tcp_routes);
  visit(resources.tls_routes);
  visit(resources.traffic_policies);
  visit(resources.mesh_tls);
  visit(resources.authorization_policies);
  visit(resources.jwt_policies);
  visit(resources.rate_limit_policies);
  visit(resources.fault_policies);
}

inline std::size_t count(const Resources& resources) {
  std::size_t sum = 0;
  for_each_list(resources, [&sum](const auto& list) { sum += list.size(); });
  return sum;
}

}  // namespace skiff
