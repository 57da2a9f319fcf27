#include "config/schema/snapshot.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "config/schema/claim_checks.h"
#include "config/schema/item_path.h"
#include "config/schema/kinds.h"
#include "config/schema/reference_checks.h"
#include "config/schema/text_rules.h"
#include "config/schema/yaml_reader.h"

namespace skiff {
namespace {

std::string place(const Position& position) {
  return position.file.text() + ":" + std::to_string(position.line);
}

template <typename T>
void check_names(const std::vector<T>& resources, Violations& violations) {
  std::unordered_map<std::string, const T*> first;
  for (const T& resource : resources) {
    const std::string name = full_name(resource.metadata.ns, resource.metadata.name);
    const auto [found, is_new] = first.emplace(name, &resource);
    if (is_new) continue;
    violations.push_back({.position = resource.position,
                          .path = "metadata.name",
                          .what = std::string(kind_of<T>()) + " " + in_quotes(name) +
                                  " a second time, first at " + place(found->second->position),
                          .expected = "each name once in a namespace",
                          .suggestion = {}});
  }
}

// Names by which requests find a service must be those of one service.
void check_hosts(const Resources& resources, Violations& violations) {
  std::unordered_map<std::string, const Service*> owners;
  for (const Service& service : resources.services) {
    const std::string name = service.metadata.name + "." + service.metadata.ns;
    for (const char* suffix : {"", ".svc", ".svc.cluster.local"}) {
      owners.emplace(name + suffix, &service);
    }
  }
  for (const Service& service : resources.services) {
    for (std::size_t i = 0; i < service.hosts.size(); ++i) {
      const auto [found, is_new] = owners.emplace(service.hosts[i], &service);
      if (is_new) continue;
      violations.push_back({.position = service.position,
                            .path = item("spec.hosts", i),
                            .what = in_quotes(service.hosts[i]) + " already means Service " +
                                    in_quotes(full_name(found->second->metadata)),
                            .expected = "each host name once",
                            .suggestion = {}});
    }
  }
}

// So must addresses be, with a port.
void check_addresses(const Resources& resources, Violations& violations) {
  std::map<std::pair<std::string, std::uint16_t>, const Service*> owners;
  for (const Service& service : resources.services) {
    for (std::size_t i = 0; i < service.addresses.size(); ++i) {
      for (const ServicePort& port : service.ports) {
        const std::string address = canonical_address(service.addresses[i]);
        const auto [found, is_new] = owners.emplace(std::pair(address, port.port), &service);
        if (is_new) continue;
        violations.push_back({.position = service.position,
                              .path = item("spec.addresses", i),
                              .what = in_quotes(address) + " with port " +
                                      std::to_string(port.port) + " already means Service " +
                                      in_quotes(full_name(found->second->metadata)),
                              .expected = "each address and port once",
                              .suggestion = {}});
      }
    }
  }
}

}  // namespace

Violations check_together(const Resources& resources) {
  Violations violations;
  for_each_list(resources, [&violations](const auto& list) { check_names(list, violations); });
  check_hosts(resources, violations);
  check_addresses(resources, violations);

  const ResourceIndex index(resources);
  const ReferenceChecks references(index, violations);
  for (const Service& service : resources.services) references.check(service);
  for (const HTTPRoute& route : resources.http_routes) references.check_route(route);
  for (const GRPCRoute& route : resources.grpc_routes) references.check_route(route);
  for (const TCPRoute& route : resources.tcp_routes) references.check_route(route);
  for (const TLSRoute& route : resources.tls_routes) references.check_route(route);
  for (const TrafficPolicy& policy : resources.traffic_policies) references.check(policy);
  for (const MeshTLS& policy : resources.mesh_tls) references.check(policy);
  for (const AuthorizationPolicy& policy : resources.authorization_policies) {
    references.check(policy);
  }
  for (const JWTPolicy& policy : resources.jwt_policies) references.check(policy);
  for (const RateLimitPolicy& policy : resources.rate_limit_policies) references.check(policy);
  check_claims(resources, index, violations);
  for (const FaultPolicy& policy : resources.fault_policies) references.check(policy);
  return violations;
}

Violations check_sidecar(const SidecarConfig& sidecar, const Resources& resources) {
  Violations violations;
  const ResourceIndex index(resources);
  ReferenceChecks(index, violations).check(sidecar);
  return violations;
}

Result<Resources, Violations> load_resources(const std::vector<std::string>& paths) {
  auto resources = read_resources(paths);
  if (!resources) return resources;
  Violations violations = check_together(*resources);
  read_key_files(resources->jwt_policies, violations);
  if (!violations.empty()) return violations;
  return resources;
}

}  // namespace skiff
