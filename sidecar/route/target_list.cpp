#include "sidecar/route/target_list.h"

#include <algorithm>

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
std::vector<EndpointSpec> endpoints_of(const Service& base, const ServicePort& port, bool is_first,
                                       const std::map<std::string, std::string>& subset) {
  const std::string_view name = name_among(base.ports, port);
  const bool is_base_first = base.ports.empty() ? is_first : name == base.ports.front().name;
  std::vector<EndpointSpec> specs;
  for (const StaticEndpoint& endpoint : base.endpoints) {
    const bool serves = endpoint.port_name.empty() ? is_base_first : endpoint.port_name == name;
    if (serves && has_labels(endpoint, subset))
      specs.push_back({socket_address(endpoint), endpoint.weight, endpoint.zone});
  }
  return specs;
}

}  // namespace

TargetList::TargetList(const std::vector<Service>& services, const PolicyChoice& policies)
    : policies_(policies) {
  for (const Service& service : services) services_.emplace(qualified(service.metadata), &service);
  for (const Service& service : services) add(service);
}

void TargetList::add(const Service& service) {
  const auto [at, is_new] = ports_.try_emplace(qualified(service.metadata));
  if (!is_new) return;
  const Service& base = base_of(service);
  std::vector<ServicePort> ports = service.ports.empty() ? base.ports : service.ports;
  if (ports.empty()) ports.emplace_back();

  for (const ServicePort& port : ports) {
    const bool is_first = &port == &ports.front();
    TargetSpec target;
    target.name = is_first ? at->first : with_port(at->first, port.port);
    target.authority = service.metadata.name;
    target.protocol = port.protocol;
    const TrafficPolicy* policy = policies_.for_port(service.metadata, port);
    if (policy == nullptr) policy = policies_.for_port(base.metadata, port);
    if (policy != nullptr) target.policy = *policy;
    target.endpoints = endpoints_of(base, port, is_first, service.subset);
    at->second.emplace_back(port.port, static_cast<Index>(targets_.size()));
    targets_.push_back(std::move(target));
  }
}

const Service& TargetList::base_of(const Service& service) const {
  if (service.of.empty()) return service;
  const auto at = services_.find(qualified(service.of, service.metadata.ns));
  return at == services_.end() ? service : *at->second;
}

const TargetList::Ports& TargetList::ports(const Metadata& service) const {
  return ports_.find(qualified(service))->second;
}

const TargetList::Ports* TargetList::find(std::string_view name, std::string_view ns) const {
  const auto at = ports_.find(qualified(name, ns));
  return at == ports_.end() ? nullptr : &at->second;
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
