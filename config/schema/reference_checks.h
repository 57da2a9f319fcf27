#pragma once

#include <string>
#include <string_view>

#include "config/schema/resource_index.h"
#include "config/schema/sidecar.h"
#include "config/schema/violation.h"

namespace skiff {

// Checks that what a resource refers to is there and may be referred to. Refers to the index and
// the violations, to which it appends; both must outlive it.
class ReferenceChecks final {
 public:
  ReferenceChecks(const ResourceIndex& index, Violations& violations)
      : index_(index), violations_(violations) {}

  void check(const Service& service) const;
  template <typename Route>
  void check_route(const Route& route) const;
  void check(const TrafficPolicy& policy) const;
  void check(const MeshTLS& policy) const;
  void check(const AuthorizationPolicy& policy) const;
  void check(const JWTPolicy& policy) const;
  void check(const RateLimitPolicy& policy) const;
  void check(const FaultPolicy& policy) const;
  void check(const SidecarConfig& sidecar) const;

 private:
  // What is common to all kinds of route.
  struct RouteParts {
    std::string_view kind;
    const Metadata& metadata;
    const std::vector<ObjectRef>& parent_refs;
    const std::vector<std::string>& hostnames;
  };

  void check_parent(const RouteParts& route, const ObjectRef& ref, const std::string& path) const;
  void check_gateway_parent(const RouteParts& route, const ObjectRef& ref,
                            const std::string& path) const;
  void check_service_parent(const RouteParts& route, const ObjectRef& ref,
                            const std::string& path) const;
  void check_mirrors(const RouteParts& route, const std::vector<HTTPRouteFilter>& filters,
                     const std::string& rule) const;
  void check_backend(const RouteParts& route, const ObjectRef& ref, const std::string& path) const;
  // Null, and a complaint, where it is not there or its port is not clear.
  const Service* check_service(const Metadata& from, const ObjectRef& ref,
                               const std::string& path) const;
  void check_target(const Metadata& policy, const ObjectRef& ref, const std::string& path) const;
  // `port` is one of each service that `targets` name.
  void check_port(const Metadata& policy, const std::vector<ObjectRef>& targets,
                  const Position& position, const std::string& path, std::uint16_t port) const;
  void check_service_port(const Service& service, std::uint16_t port, const Position& position,
                          const std::string& path) const;
  void check_inbound(const SidecarConfig& sidecar, const InboundListener& listener,
                     const std::string& path) const;
  void check_outbound(const SidecarConfig& sidecar, const OutboundListener& listener,
                      const std::string& path) const;
  void check_gateway(const SidecarConfig& sidecar, const GatewayListener& listener,
                     const std::string& path) const;

  void complain(const Position& position, const std::string& path, std::string what,
                std::string expected = {}) const;
  void complain_of_missing(const Position& position, const std::string& path, std::string_view kind,
                           std::string_view ns, std::string_view name) const;

  const ResourceIndex& index_;
  Violations& violations_;
};

}  // namespace skiff
