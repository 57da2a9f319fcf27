#include "sidecar/route/target_list.h"

#include <algorithm>
#include <set>

#include "config/schema/spiffe_id.h"
#include "sidecar/route/names.h"

namespace skiff {
namespace {

std::string with_port(std::string name, std::uint16_t port) {
  return name.append(":").append(std::to_string(port));
}

// `127.0.0.1:80`, `[::1]:80`.
std::string socket_address(const StaticEndpoint& endpoint) {
  const bool bare_ipv6 =
      endpoint.address.find(':') != std::string::npos && !endpoint.address.starts_with('[');
  return with_port(bare_ipv6 ? "[" + endpoint.address + "]" : endpoint.address, endpoint.port);
}

bool has_labels(const StaticEndpoint& endpoint, const std::map<std::string, std::string>& asked) {
  return std::all_of(asked.begin(), asked.end(), [&](const auto& label) {
    const auto at = endpoint.labels.find(label.first);
    return at != endpoint.labels.end() && at->second == label.second;
  });
}

// The name under which endpoints serve `port` of a service: that of its own port, or where its own
// ports have no such name, of the port with the same number.
std::string_view name_among(const std::vector<ServicePort>& own, const ServicePort& port) {
  const auto same_name = [&](const ServicePort& p) { return p.name == port.name; };
  if (std::any_of(own.begin(), own.end(), same_name)) return port.name;
  for (const ServicePort& p : own)
    if (p.port == port.port) return p.name;
  return port.name;
}

// The endpoints of `base` that serve `port` and have the labels of `subset`.
std::vector<const StaticEndpoint*> endpoints_of(const Service& base, const ServicePort& port,
                                                bool is_first,
                                                const std::map<std::string, std::string>& subset) {
  const std::string_view name = name_among(base.ports, port);
  const bool is_base_first = base.ports.empty() ? is_first : name == base.ports.front().name;
  std::vector<const StaticEndpoint*> endpoints;
  for (const StaticEndpoint& endpoint : base.endpoints) {
    const bool serves = endpoint.port_name.empty() ? is_base_first : endpoint.port_name == name;
    if (serves && has_labels(endpoint, subset)) endpoints.push_back(&endpoint);
  }
  return endpoints;
}

std::vector<EndpointSpec> specs_of(const std::vector<const StaticEndpoint*>& endpoints) {
  std::vector<EndpointSpec> specs;
  for (const StaticEndpoint* endpoint : endpoints)
    specs.push_back({socket_address(*endpoint), endpoint->weight, endpoint->zone});
  return specs;
}

// Names of service accounts become paths.
std::vector<std::string> identities_of(const Service& service, const Service& base) {
  const Service& named = service.identities.empty() ? base : service;
  const std::string& ns = named.metadata.ns;
  if (named.identities.empty()) return {workload_path(ns, named.metadata.name)};
  std::vector<std::string> identities;
  for (const std::string& identity : named.identities)
    identities.push_back(parse_spiffe_id(identity) ? identity : workload_path(ns, identity));
  return identities;
}

std::vector<ServicePort> ports_of(const Service& service, const Service& base) {
  std::vector<ServicePort> ports = service.ports.empty() ? base.ports : service.ports;
  if (ports.empty()) ports.emplace_back();
  return ports;
}

}  // namespace

TargetList::TargetList(const std::vector<Service>& services, const PolicyChoice& policies,
                       const TlsChoice& tls)
    : all_(services), policies_(policies), tls_(tls) {
  for (const Service& service : services) services_.emplace(qualified(service.metadata), &service);
  for (const Service& service : services) add(service);
}

void TargetList::add(const Service& service) {
  const auto [at, is_new] = ports_.try_emplace(qualified(service.metadata));
  if (!is_new) return;
  const Service& base = base_of(service);
  const std::vector<ServicePort> ports = ports_of(service, base);

  for (const ServicePort& port : ports) {
    const bool is_first = &port == &ports.front();
    TargetSpec target;
    target.name = is_first ? at->first : with_port(at->first, port.port);
    target.authority = service.metadata.name;
    target.protocol = protocol_of(port);
    target.tls = tls_.mode(service.metadata, base.metadata, port.port).value_or(TlsMode::disabled);
    target.identities = identities_of(service, base);
    target.policy = policy_of(service, port);
    target.policy.bulkhead.caller.reset();  // It holds where callers arrive.
    target.endpoints = specs_of(endpoints_of(base, port, is_first, service.subset));
    at->second.emplace_back(port.port, static_cast<Index>(targets_.size()));
    targets_.push_back(std::move(target));
  }
}

void TargetList::set_faults(const FaultChoice& faults, const std::vector<FaultPolicy>& all) {
  if (all.empty()) return;
  for (const Service& service : all_) {
    const Service& base = base_of(service);
    const Ports& made = ports(service.metadata);
    const std::vector<ServicePort> its_ports = ports_of(service, base);
    for (std::size_t i = 0; i < its_ports.size(); ++i) {
      const FaultPolicy* policy = faults.for_port(service.metadata, its_ports[i]);
      if (policy == nullptr) policy = faults.for_port(base.metadata, its_ports[i]);
      if (policy == nullptr) continue;
      targets_[made[i].second].fault = static_cast<PolicyIndex>(policy - all.data());
    }
  }
}

void TargetList::add_fallbacks(std::vector<FallbackSpec>& fallbacks) {
  for (Index i = 0; i < targets_.size(); ++i) {  // What a step names may become one more.
    if (targets_[i].policy.fallback.empty()) continue;
    const TrafficPolicy policy = targets_[i].policy;
    targets_[i].fallback = static_cast<PolicyIndex>(fallbacks.size());
    fallbacks.push_back(fallback_of(targets_[i].name, policy.fallback, policy.metadata.ns));
  }
}

FallbackSpec TargetList::fallback_of(std::string name, const FallbackConfig& steps,
                                     const std::string& ns) {
  FallbackSpec spec{std::move(name), steps, {}};
  for (const FallbackStep& step : steps) {
    if (step.type != FallbackStep::Type::cluster) continue;
    const ObjectRef& ref = step.backend_ref;
    spec.others.push_back(target(ref.name, namespace_of(ref, ns), ref.port));
  }
  return spec;
}

const Service& TargetList::base_of(const Service& service) const {
  if (service.of.empty()) return service;
  const auto at = services_.find(qualified(service.of, service.metadata.ns));
  return at == services_.end() ? service : *at->second;
}

TrafficPolicy TargetList::policy_of(const Service& service, const ServicePort& port) const {
  const TrafficPolicy* policy = policies_.for_port(service.metadata, port);
  if (policy == nullptr) policy = policies_.for_port(base_of(service).metadata, port);
  return policy == nullptr ? TrafficPolicy{} : *policy;
}

const TargetList::Ports& TargetList::ports(const Metadata& service) const {
  return ports_.find(qualified(service))->second;
}

const TargetList::Ports* TargetList::find(std::string_view name, std::string_view ns) const {
  const auto at = ports_.find(qualified(name, ns));
  return at == ports_.end() ? nullptr : &at->second;
}

std::vector<InboundPort> TargetList::inbound_ports(std::string_view name,
                                                   std::string_view ns) const {
  const auto at = services_.find(qualified(name, ns));
  if (at == services_.end()) return {};
  const Service& service = *at->second;
  const Service& base = base_of(service);
  const std::vector<ServicePort> ports = ports_of(service, base);
  std::vector<InboundPort> inbound;
  for (const ServicePort& port : ports) {
    InboundPort& added = inbound.emplace_back();
    added.port = port.port;
    added.protocol = protocol_of(port);
    added.tls = tls_.mode(service.metadata, base.metadata, port.port).value_or(TlsMode::permissive);
    added.policy = policy_of(service, port);
    const bool is_first = &port == &ports.front();
    std::set<std::uint16_t> numbers;
    for (const StaticEndpoint* endpoint : endpoints_of(base, port, is_first, service.subset))
      numbers.insert(endpoint->port);
    added.endpoint_ports.assign(numbers.begin(), numbers.end());
  }
  return inbound;
}

TargetList::Index TargetList::target(std::string_view name, std::string_view ns,
                                     std::uint16_t port) {
  if (const Ports* ports = find(name, ns))
    for (const auto& [its_port, index] : *ports)
      if (port == 0 || port == its_port) return index;

  const std::string missing =
      port == 0 ? qualified(name, ns) : with_port(qualified(name, ns), port);
  const auto [at, is_new] = missing_.emplace(missing, static_cast<Index>(targets_.size()));
  if (is_new) {
    TargetSpec& target = targets_.emplace_back();
    target.name = missing;
    target.authority = name;
  }
  return at->second;
}

}  // namespace skiff
