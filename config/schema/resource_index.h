#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "config/schema/resources.h"

namespace skiff {

// Of what `ref` names, where `from` refers to it.
inline const std::string& namespace_of(const ObjectRef& ref, const Metadata& from) {
  return ref.ns.empty() ? from.ns : ref.ns;
}

// Finds resources by namespace and name. Where two have the same, the first. Refers to the
// resources, which must outlive it.
class ResourceIndex final {
 public:
  explicit ResourceIndex(const Resources& resources);

  // Null when there is none.
  const Service* service(std::string_view ns, std::string_view name) const;
  const Gateway* gateway(std::string_view ns, std::string_view name) const;
  const HTTPRoute* http_route(std::string_view ns, std::string_view name) const;
  const GRPCRoute* grpc_route(std::string_view ns, std::string_view name) const;

  // The name of a resource of this kind and namespace that `name` was probably meant to be.
  std::string suggest(std::string_view kind, std::string_view ns, std::string_view name) const;

 private:
  template <typename T>
  using ByName = std::unordered_map<std::string, const T*>;

  ByName<Service> services_;
  ByName<Gateway> gateways_;
  ByName<HTTPRoute> http_routes_;
  ByName<GRPCRoute> grpc_routes_;
};

// `NAMESPACE/NAME`, as messages and indexes call a resource.
std::string full_name(std::string_view ns, std::string_view name);
inline std::string full_name(const Metadata& of) { return full_name(of.ns, of.name); }

}  // namespace skiff
