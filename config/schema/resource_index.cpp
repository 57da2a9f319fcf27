#include "config/schema/resource_index.h"

#include <algorithm>
#include <vector>

#include "base/suggest.h"

namespace skiff {
namespace {

template <typename T, typename Map>
void add_all(const std::vector<T>& resources, Map& map) {
  map.reserve(resources.size());
  for (const T& resource : resources) {
    map.emplace(full_name(resource.metadata.ns, resource.metadata.name), &resource);
  }
}

template <typename Map>
auto find(const Map& map, std::string_view ns, std::string_view name) {
  const auto found = map.find(full_name(ns, name));
  return found == map.end() ? nullptr : found->second;
}

template <typename Map>
std::string suggest_from(const Map& map, std::string_view ns, std::string_view name) {
  constexpr std::size_t most = 1'000;  // Among more the search would take too long.
  if (map.size() > most) return {};
  std::vector<std::string_view> names;
  for (const auto& [key, resource] : map) {
    if (resource->metadata.ns == ns) names.push_back(resource->metadata.name);
  }
  std::ranges::sort(names);
  return std::string(nearest(name, names));
}

}  // namespace

std::string full_name(std::string_view ns, std::string_view name) {
  return std::string(ns).append("/").append(name);
}

ResourceIndex::ResourceIndex(const Resources& resources) {
  add_all(resources.services, services_);
  add_all(resources.gateways, gateways_);
  add_all(resources.http_routes, http_routes_);
  add_all(resources.grpc_routes, grpc_routes_);
}

const Service* ResourceIndex::service(std::string_view ns, std::string_view name) const {
  return find(services_, ns, name);
}

const Gateway* ResourceIndex::gateway(std::string_view ns, std::string_view name) const {
  return find(gateways_, ns, name);
}

const HTTPRoute* ResourceIndex::http_route(std::string_view ns, std::string_view name) const {
  return find(http_routes_, ns, name);
}

const GRPCRoute* ResourceIndex::grpc_route(std::string_view ns, std::string_view name) const {
  return find(grpc_routes_, ns, name);
}

std::string ResourceIndex::suggest(std::string_view kind, std::string_view ns,
                                   std::string_view name) const {
  if (kind == "Service") return suggest_from(services_, ns, name);
  if (kind == "Gateway") return suggest_from(gateways_, ns, name);
  return kind == "HTTPRoute" ? suggest_from(http_routes_, ns, name)
                             : suggest_from(grpc_routes_, ns, name);
}

}  // namespace skiff
