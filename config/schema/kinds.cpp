#include "config/schema/kinds.h"

#include <array>

namespace skiff {
namespace {

template <typename T>
const Shape& shape() {
  return *shape_of<T>();
}

template <typename T>
void* append_to(std::vector<T>& list) {
  T& added = list.emplace_back();
  shape<T>().prepare(&added);
  return &added;
}

// The row of a kind of resource.
template <typename T>
constexpr Kind resource(std::string_view name, void* (*append)(Documents&)) {
  return {name, true, &shape<T>, append};
}

template <auto list>
constexpr auto append_to_list =
    [](Documents& documents) { return append_to(documents.resources.*list); };

constexpr std::array<Kind, 13> all_kinds = {{
    {"Sidecar", false, &shape<SidecarConfig>, [](Documents& d) { return append_to(d.sidecars); }},
    resource<Service>("Service", append_to_list<&Resources::services>),
    resource<Gateway>("Gateway", append_to_list<&Resources::gateways>),
    resource<HTTPRoute>("HTTPRoute", append_to_list<&Resources::http_routes>),
    resource<GRPCRoute>("GRPCRoute", append_to_list<&Resources::grpc_routes>),
    resource<TCPRoute>("TCPRoute", append_to_list<&Resources::tcp_routes>),
    resource<TLSRoute>("TLSRoute", append_to_list<&Resources::tls_routes>),
    resource<TrafficPolicy>("TrafficPolicy", append_to_list<&Resources::traffic_policies>),
    resource<MeshTLS>("MeshTLS", append_to_list<&Resources::mesh_tls>),
    resource<AuthorizationPolicy>("AuthorizationPolicy",
                                  append_to_list<&Resources::authorization_policies>),
    resource<JWTPolicy>("JWTPolicy", append_to_list<&Resources::jwt_policies>),
    resource<RateLimitPolicy>("RateLimitPolicy", append_to_list<&Resources::rate_limit_policies>),
    resource<FaultPolicy>("FaultPolicy", append_to_list<&Resources::fault_policies>),
}};

}  // namespace

std::span<const Kind> kinds() { return all_kinds; }

const Kind* find_kind(std::string_view name) {
  for (const Kind& kind : all_kinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

}  // namespace skiff
