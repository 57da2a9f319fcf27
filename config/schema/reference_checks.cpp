#include "config/schema/reference_checks.h"

#include <algorithm>
#include <vector>

#include "config/schema/item_path.h"
#include "config/schema/kinds.h"
#include "config/schema/scalars.h"

namespace skiff {
namespace {

bool has_port(const Service& service, std::uint16_t number) {
  return std::ranges::any_of(service.ports, [number](const auto& p) { return p.port == number; });
}

std::string port_numbers(const Service& service) {
  std::vector<std::string> numbers;
  for (const ServicePort& port : service.ports) numbers.push_back(std::to_string(port.port));
  const std::vector<std::string_view> views(numbers.begin(), numbers.end());
  return one_of(views);
}

template <typename List>
bool has_name(const List& list, std::string_view name) {
  return std::ranges::any_of(list, [name](const auto& each) { return each.name == name; });
}

template <typename List>
std::string names_of(const List& list) {
  std::vector<std::string_view> names;
  for (const auto& each : list) {
    if (!each.name.empty()) names.push_back(each.name);
  }
  return names.empty() ? "no sectionName: none has a name" : one_of(names);
}

// Whether some host can be meant by both; an empty one means any.
bool overlap(std::string_view one, std::string_view other) {
  if (one.empty() || other.empty() || one == other) return true;
  const bool is_pattern = one.starts_with("*.");
  if (is_pattern && other.ends_with(one.substr(1))) return true;
  return other.starts_with("*.") && one.ends_with(other.substr(1));
}

bool takes_one_of(const GatewayPort& listener, const std::vector<std::string>& hostnames) {
  return hostnames.empty() || std::ranges::any_of(hostnames, [&](const auto& host) {
           return overlap(listener.hostname, host);
         });
}

// Gateway API: the kinds of route for each protocol of a listener.
bool takes_kind(const GatewayPort& listener, std::string_view kind) {
  using Protocol = GatewayPort::Protocol;
  if (kind == "TCPRoute") return listener.protocol == Protocol::tcp;
  if (kind == "TLSRoute") return listener.protocol == Protocol::tls;
  return listener.protocol == Protocol::http || listener.protocol == Protocol::https;
}

struct ServiceName {
  std::string_view name;
  std::string_view ns;
};

ServiceName split(std::string_view text, std::string_view default_namespace) {
  const std::size_t dot = text.find('.');
  if (dot == text.npos) return {text, default_namespace};
  return {text.substr(0, dot), text.substr(dot + 1)};
}

bool has_gateway_parent(const std::vector<ObjectRef>& parents) {
  return std::ranges::any_of(parents, [](const ObjectRef& ref) { return ref.kind == "Gateway"; });
}

}  // namespace

void ReferenceChecks::complain(const Position& position, const std::string& path, std::string what,
                               std::string expected) const {
  violations_.push_back({position, path, std::move(what), std::move(expected), {}});
}

void ReferenceChecks::complain_of_missing(const Position& position, const std::string& path,
                                          std::string_view kind, std::string_view ns,
                                          std::string_view name) const {
  complain(position, path,
           "there is no " + std::string(kind) + " " + in_quotes(name) + " in namespace " +
               in_quotes(ns));
  violations_.back().suggestion = index_.suggest(kind, ns, name);
}

void ReferenceChecks::check(const Service& service) const {
  if (service.of.empty()) return;
  const Service* whole = index_.service(service.metadata.ns, service.of);
  if (whole == nullptr) {
    complain_of_missing(service.position, "spec.of", "Service", service.metadata.ns, service.of);
  } else if (!whole->of.empty()) {
    complain(service.position, "spec.of", in_quotes(service.of) + " is itself a part of another",
             "a service that has endpoints of its own");
  }
}

template <typename Route>
void ReferenceChecks::check_route(const Route& route) const {
  static const std::vector<std::string> no_hostnames;
  const std::vector<std::string>* hostnames = &no_hostnames;
  if constexpr (requires { route.hostnames; }) hostnames = &route.hostnames;
  const RouteParts parts{kind_of<Route>(), route.metadata, route.parent_refs, *hostnames};
  for (std::size_t i = 0; i < route.parent_refs.size(); ++i) {
    check_parent(parts, route.parent_refs[i], item("spec.parentRefs", i));
  }
  for (std::size_t i = 0; i < route.rules.size(); ++i) {
    const auto& backends = route.rules[i].backend_refs;
    for (std::size_t j = 0; j < backends.size(); ++j) {
      check_backend(parts, backends[j].ref, item(item("spec.rules", i) + ".backendRefs", j));
    }
    if constexpr (requires { route.rules[i].filters; }) {
      check_mirrors(parts, route.rules[i].filters, item("spec.rules", i));
    }
  }
}

template void ReferenceChecks::check_route(const HTTPRoute& route) const;
template void ReferenceChecks::check_route(const GRPCRoute& route) const;
template void ReferenceChecks::check_route(const TCPRoute& route) const;
template void ReferenceChecks::check_route(const TLSRoute& route) const;

void ReferenceChecks::check_parent(const RouteParts& route, const ObjectRef& ref,
                                   const std::string& path) const {
  if (ref.kind == "Gateway") {
    check_gateway_parent(route, ref, path);
  } else {
    check_service_parent(route, ref, path);
  }
}

void ReferenceChecks::check_gateway_parent(const RouteParts& route, const ObjectRef& ref,
                                           const std::string& path) const {
  const std::string& ns = namespace_of(ref, route.metadata);
  const Gateway* gateway = index_.gateway(ns, ref.name);
  if (gateway == nullptr) {
    return complain_of_missing(ref.position, path + ".name", "Gateway", ns, ref.name);
  }
  if (ns != route.metadata.ns) {
    return complain(ref.position, path + ".namespace", "the Gateway is in another namespace",
                    in_quotes(route.metadata.ns) + ", the route's own");
  }
  if (!ref.section_name.empty() && !has_name(gateway->listeners, ref.section_name)) {
    return complain(ref.position, path + ".sectionName",
                    in_quotes(ref.section_name) + " is no listener of the Gateway",
                    names_of(gateway->listeners));
  }
  const auto attaches = [&](const GatewayPort& listener) {
    return (ref.section_name.empty() || listener.name == ref.section_name) &&
           (ref.port == 0 || listener.port == ref.port);
  };
  if (std::ranges::none_of(gateway->listeners, attaches)) {
    return complain(ref.position, path + ".port",
                    "no listener of the Gateway has port " + std::to_string(ref.port));
  }
  const auto takes_it = [&](const GatewayPort& listener) {
    return attaches(listener) && takes_kind(listener, route.kind);
  };
  if (std::ranges::none_of(gateway->listeners, takes_it)) {
    return complain(ref.position, path,
                    "no listener takes a " + std::string(route.kind) + " by its protocol",
                    "HTTP for HTTPRoute and GRPCRoute, TCP for TCPRoute, TLS for TLSRoute");
  }
  if (std::ranges::none_of(gateway->listeners, [&](const GatewayPort& listener) {
        return takes_it(listener) && takes_one_of(listener, route.hostnames);
      })) {
    complain(ref.position, path, "no listener takes any of the route's hostnames",
             "a hostname that a listener takes");
  }
}

void ReferenceChecks::check_service_parent(const RouteParts& route, const ObjectRef& ref,
                                           const std::string& path) const {
  const std::string& ns = namespace_of(ref, route.metadata);
  const Service* service = index_.service(ns, ref.name);
  if (service == nullptr) {
    return complain_of_missing(ref.position, path + ".name", "Service", ns, ref.name);
  }
  if (!ref.section_name.empty()) {
    complain(ref.position, path + ".sectionName", "does not belong to kind Service", "port");
  }
  if (ref.port != 0) check_service_port(*service, ref.port, ref.position, path + ".port");
}

void ReferenceChecks::check_service_port(const Service& service, std::uint16_t port,
                                         const Position& position, const std::string& path) const {
  if (has_port(service, port)) return;
  complain(position, path, std::to_string(port) + " is no port of the Service",
           port_numbers(service));
}

void ReferenceChecks::check_mirrors(const RouteParts& route,
                                    const std::vector<HTTPRouteFilter>& filters,
                                    const std::string& rule) const {
  for (std::size_t i = 0; i < filters.size(); ++i) {
    if (filters[i].type != HTTPRouteFilter::Type::request_mirror) continue;
    check_backend(route, filters[i].request_mirror.backend_ref,
                  item(rule + ".filters", i) + ".requestMirror.backendRef");
  }
}

void ReferenceChecks::check_backend(const RouteParts& route, const ObjectRef& ref,
                                    const std::string& path) const {
  const std::string& ns = namespace_of(ref, route.metadata);
  const Service* service = check_service(route.metadata, ref, path);
  if (service != nullptr && ns != route.metadata.ns && has_gateway_parent(route.parent_refs)) {
    complain(ref.position, path + ".namespace",
             "a Gateway's route does not reach into another namespace",
             in_quotes(route.metadata.ns) + ", the route's own");
  }
}

const Service* ReferenceChecks::check_service(const Metadata& from, const ObjectRef& ref,
                                              const std::string& path) const {
  const std::string& ns = namespace_of(ref, from);
  const Service* service = index_.service(ns, ref.name);
  if (service == nullptr) {
    complain_of_missing(ref.position, path + ".name", "Service", ns, ref.name);
    return nullptr;
  }
  if (ref.port == 0 && service->ports.size() > 1) {
    complain(ref.position, path + ".port", "is missing, as the Service has several",
             port_numbers(*service));
  } else if (ref.port != 0) {
    check_service_port(*service, ref.port, ref.position, path + ".port");
  }
  return service;
}

void ReferenceChecks::check(const TrafficPolicy& policy) const {
  for (std::size_t i = 0; i < policy.target_refs.size(); ++i) {
    check_target(policy.metadata, policy.target_refs[i], item("spec.targetRefs", i));
  }
  for (std::size_t i = 0; i < policy.fallback.size(); ++i) {
    if (policy.fallback[i].type != FallbackStep::Type::cluster) continue;
    check_service(policy.metadata, policy.fallback[i].backend_ref,
                  item("spec.fallback", i, "backendRef"));
  }
}

void ReferenceChecks::check(const FaultPolicy& policy) const {
  for (std::size_t i = 0; i < policy.target_refs.size(); ++i) {
    check_target(policy.metadata, policy.target_refs[i], item("spec.targetRefs", i));
  }
}

void ReferenceChecks::check(const MeshTLS& policy) const {
  for (std::size_t i = 0; i < policy.target_refs.size(); ++i) {
    check_target(policy.metadata, policy.target_refs[i], item("spec.targetRefs", i));
  }
  for (std::size_t i = 0; i < policy.ports.size(); ++i) {
    check_port(policy.metadata, policy.target_refs, policy.ports[i].position,
               item("spec.ports", i, "port"), policy.ports[i].port);
  }
}

void ReferenceChecks::check(const AuthorizationPolicy& policy) const {
  for (std::size_t i = 0; i < policy.target_refs.size(); ++i) {
    check_target(policy.metadata, policy.target_refs[i], item("spec.targetRefs", i));
  }
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    const AuthorizationRule& rule = policy.rules[i];
    for (std::size_t j = 0; j < rule.to.size(); ++j) {
      const std::string path = item(item("spec.rules", i) + ".to", j, "ports");
      for (std::size_t k = 0; k < rule.to[j].ports.size(); ++k) {
        check_port(policy.metadata, policy.target_refs, rule.position, item(path, k),
                   rule.to[j].ports[k]);
      }
    }
  }
}

void ReferenceChecks::check(const JWTPolicy& policy) const {
  for (std::size_t i = 0; i < policy.target_refs.size(); ++i) {
    check_target(policy.metadata, policy.target_refs[i], item("spec.targetRefs", i));
  }
}

void ReferenceChecks::check(const RateLimitPolicy& policy) const {
  for (std::size_t i = 0; i < policy.target_refs.size(); ++i) {
    check_target(policy.metadata, policy.target_refs[i], item("spec.targetRefs", i));
  }
}

void ReferenceChecks::check_port(const Metadata& policy, const std::vector<ObjectRef>& targets,
                                 const Position& position, const std::string& path,
                                 std::uint16_t port) const {
  for (const ObjectRef& ref : targets) {
    const Service* service = index_.service(namespace_of(ref, policy), ref.name);
    if (service != nullptr) check_service_port(*service, port, position, path);
  }
}

void ReferenceChecks::check_target(const Metadata& policy, const ObjectRef& ref,
                                   const std::string& path) const {
  const std::string& ns = namespace_of(ref, policy);
  if (ns != policy.ns) {
    return complain(ref.position, path + ".namespace", "the target is in another namespace",
                    in_quotes(policy.ns) + ", the policy's own");
  }
  const auto check_section = [&](const auto& parts, std::string_view noun) {
    if (ref.section_name.empty() || has_name(parts, ref.section_name)) return;
    complain(ref.position, path + ".sectionName",
             in_quotes(ref.section_name) + " is no " + std::string(noun) + " of the " + ref.kind,
             names_of(parts));
  };
  const Service* service = ref.kind == "Service" ? index_.service(ns, ref.name) : nullptr;
  const HTTPRoute* http = ref.kind == "HTTPRoute" ? index_.http_route(ns, ref.name) : nullptr;
  const GRPCRoute* grpc = ref.kind == "GRPCRoute" ? index_.grpc_route(ns, ref.name) : nullptr;
  const Gateway* gateway = ref.kind == "Gateway" ? index_.gateway(ns, ref.name) : nullptr;
  if (service) return check_section(service->ports, "port");
  if (gateway) return check_section(gateway->listeners, "listener");
  if (http) return check_section(http->rules, "rule");
  if (grpc) return check_section(grpc->rules, "rule");
  complain_of_missing(ref.position, path + ".name", ref.kind, ns, ref.name);
}

void ReferenceChecks::check(const SidecarConfig& sidecar) const {
  for (std::size_t i = 0; i < sidecar.inbound.size(); ++i) {
    check_inbound(sidecar, sidecar.inbound[i], item("spec.inbound", i));
  }
  for (std::size_t i = 0; i < sidecar.outbound.size(); ++i) {
    check_outbound(sidecar, sidecar.outbound[i], item("spec.outbound", i));
  }
  for (std::size_t i = 0; i < sidecar.gateway.size(); ++i) {
    check_gateway(sidecar, sidecar.gateway[i], item("spec.gateway", i));
  }
}

void ReferenceChecks::check_inbound(const SidecarConfig& sidecar, const InboundListener& listener,
                                    const std::string& path) const {
  if (listener.service_port == 0) return;
  const Service* service = index_.service(sidecar.ns, sidecar.service);
  if (service == nullptr) {
    return complain_of_missing(listener.position, path + ".servicePort", "Service", sidecar.ns,
                               sidecar.service);
  }
  check_service_port(*service, listener.service_port, listener.position, path + ".servicePort");
}

void ReferenceChecks::check_outbound(const SidecarConfig& sidecar, const OutboundListener& listener,
                                     const std::string& path) const {
  if (listener.service.empty()) return;
  const auto [name, ns] = split(listener.service, sidecar.ns);
  const Service* service = index_.service(ns, name);
  if (service == nullptr) {
    complain_of_missing(listener.position, path + ".service", "Service", ns, name);
  } else if (listener.service_port != 0) {
    check_service_port(*service, listener.service_port, listener.position, path + ".servicePort");
  }
}

void ReferenceChecks::check_gateway(const SidecarConfig& sidecar, const GatewayListener& listener,
                                    const std::string& path) const {
  const auto [name, ns] = split(listener.gateway, sidecar.ns);
  const Gateway* gateway = index_.gateway(ns, name);
  if (gateway == nullptr) {
    complain_of_missing(listener.position, path + ".gateway", "Gateway", ns, name);
  } else if (listener.section_name.empty() && gateway->listeners.size() > 1) {
    complain(listener.position, path + ".sectionName", "is missing, as the Gateway has several",
             names_of(gateway->listeners));
  } else if (!listener.section_name.empty() &&
             !has_name(gateway->listeners, listener.section_name)) {
    complain(listener.position, path + ".sectionName",
             in_quotes(listener.section_name) + " is no listener of the Gateway",
             names_of(gateway->listeners));
  }
}

}  // namespace skiff
