#include <algorithm>
#include <set>

#include "sidecar/route/limit_list.h"
#include "sidecar/route/names.h"
#include "sidecar/route/policy_choice.h"
#include "sidecar/route/route_list.h"
#include "sidecar/route/route_table.h"
#include "sidecar/route/table_builder.h"
#include "sidecar/route/target_list.h"

namespace skiff {
namespace {

// Builds one plan, step by step.
class Planner final {
 public:
  Planner(const Resources& resources, std::string_view ns);

  // Once.
  std::unique_ptr<RoutePlan> plan(std::string_view own_service);

 private:
  using Group = TableBuilder::Group;
  using Carries = AnyRoute::Carries;

  // A service and the routes that are attached to it, for one role.
  struct Attached {
    std::vector<std::pair<AnyRoute*, std::uint16_t>> consumer;  // With parentRef.port.
    std::vector<std::pair<AnyRoute*, std::uint16_t>> producer;
  };

  void plan_mesh();
  void attach_to_services();
  void add_service(TableBuilder& table, const Service& service);
  void name_service(TableBuilder& table, const Service& service, Group group) const;

  void plan_gateway(const Gateway& gateway, const GatewayPort& listener);
  void plan_inbound(std::string_view own_service);
  void share_limits(std::string_view own_service);
  void list_claims();
  PolicyIndex index_of(const JWTPolicy* policy) const;

  void add_messages(PathIndex& paths, AnyRoute& route);
  void add_streams(StreamIndex& streams, AnyRoute& route);

  const Resources& resources_;
  const std::string ns_;
  const PolicyChoice policies_;
  const FaultChoice faults_;
  const JwtChoice tokens_;
  const TlsChoice tls_;
  std::unique_ptr<RoutePlan> plan_ = std::make_unique<RoutePlan>();
  LimitList limits_;
  TargetList targets_;
  RouteList routes_;
  TextMap<Attached> attached_;  // By the service's qualified name.
};

bool names_service(const ObjectRef& ref) { return ref.kind == "Service"; }
bool names_gateway(const ObjectRef& ref) { return ref.kind == "Gateway" || ref.kind.empty(); }

Planner::Planner(const Resources& resources, std::string_view ns)
    : resources_(resources),
      ns_(ns),
      policies_(resources.traffic_policies),
      faults_(resources.fault_policies),
      tokens_(resources.jwt_policies),
      tls_(resources.mesh_tls),
      limits_(resources.rate_limit_policies, *plan_),
      targets_(resources.services, policies_, tls_),
      routes_(resources, {policies_, faults_, tokens_, limits_}, targets_, *plan_) {
  targets_.set_faults(faults_, resources.fault_policies);
  plan_->faults = resources.fault_policies;
}

std::unique_ptr<RoutePlan> Planner::plan(std::string_view own_service) {
  plan_mesh();
  for (const Gateway& gateway : resources_.gateways)
    for (const GatewayPort& listener : gateway.listeners) plan_gateway(gateway, listener);
  if (!own_service.empty()) plan_inbound(own_service);
  share_limits(own_service);
  list_claims();
  targets_.add_fallbacks(plan_->fallbacks);
  plan_->targets = targets_.take();
  return std::move(plan_);
}

// ---- Mesh (GAMMA, GEP-1294)

void Planner::plan_mesh() {
  attach_to_services();
  TableBuilder table;
  for (const Service& service : resources_.services) add_service(table, service);
  // Names of services first: none can be taken away by another service's `hosts`.
  Group group = 0;
  for (const Service& service : resources_.services) name_service(table, service, group++);
  group = 0;
  for (const Service& service : resources_.services) {
    for (const std::string& host : service.hosts) table.add_host(host, group);
    for (const std::string& address : service.addresses) table.add_address(address, group);
    ++group;
  }
  plan_->mesh = table.build();
}

void Planner::attach_to_services() {
  for (AnyRoute& route : routes_.in_order()) {
    const std::string& route_ns = route.metadata->ns;
    for (const ObjectRef& parent : *route.parents) {
      if (!names_service(parent)) continue;
      const std::string& service_ns = namespace_of(parent, route_ns);
      const bool is_producer = service_ns == route_ns;
      if (!is_producer && route_ns != ns_) continue;  // Consumers of another namespace.
      Attached& attached = attached_[qualified(parent.name, service_ns)];
      (is_producer ? attached.producer : attached.consumer).emplace_back(&route, parent.port);
    }
  }
}

void Planner::add_service(TableBuilder& table, const Service& service) {
  const Group group = table.add_group();
  const auto at = attached_.find(qualified(service.metadata));
  for (const auto& [port, target] : targets_.ports(service.metadata)) {
    PortRules& rules = table.rules(group, port);
    std::vector<AnyRoute*> here;  // A route may name a service twice.
    const auto attach = [&here](const auto& routes, std::uint16_t its_port) {
      for (const auto& [route, route_port] : routes) {
        const bool is_here = route_port == 0 || route_port == its_port;
        if (is_here && (here.empty() || here.back() != route)) here.push_back(route);
      }
    };
    // Consumers' routes stand instead of the producer's; they are not merged.
    if (at != attached_.end()) attach(at->second.consumer, port);
    if (at != attached_.end() && here.empty()) attach(at->second.producer, port);
    for (AnyRoute* route : here) {
      add_messages(rules.paths, *route);
      add_streams(rules.streams, *route);
    }
    // Messages are bytes too: where no route speaks of them a TCPRoute does.
    const auto carries = [](Carries what) {
      return [what](const AnyRoute* route) { return route->carries == what; };
    };
    if (std::ranges::none_of(here, carries(Carries::messages))) {
      const auto bytes = std::ranges::find_if(here, carries(Carries::bytes));
      if (bytes != here.end())
        rules.paths.add({routes_.rules(**bytes).front().rule, routes_.everything()});
    }
    if (!here.empty()) continue;
    const RouteRule* rule = routes_.implicit_rule(target);
    rules.paths.add({rule, routes_.everything()});
    rules.streams.add_bytes(rule);
  }
}

void Planner::name_service(TableBuilder& table, const Service& service, Group group) const {
  const std::string full = qualified(service.metadata);
  if (service.metadata.ns == ns_) table.add_host(service.metadata.name, group);
  for (const char* suffix : {"", ".svc", ".svc.cluster.local"})
    table.add_host(full + suffix, group);
}

// ---- Gateways

bool takes(GatewayPort::Protocol protocol, AnyRoute::Carries carries) {
  using Protocol = GatewayPort::Protocol;
  if (protocol == Protocol::tcp) return carries == AnyRoute::Carries::bytes;
  if (protocol == Protocol::tls) return carries == AnyRoute::Carries::tls;
  return carries == AnyRoute::Carries::messages;
}

void Planner::plan_gateway(const Gateway& gateway, const GatewayPort& listener) {
  const auto is_parent = [&](const AnyRoute& route, const ObjectRef& ref) {
    return names_gateway(ref) && ref.name == gateway.metadata.name &&
           namespace_of(ref, route.metadata->ns) == gateway.metadata.ns &&
           (ref.section_name.empty() || ref.section_name == listener.name) &&
           (ref.port == 0 || ref.port == listener.port);
  };
  static const std::vector<std::string> any_host = {""};
  TableBuilder table;
  for (AnyRoute& route : routes_.in_order()) {
    // Without allowedRoutes a listener takes routes of its own namespace, as Gateway API says.
    if (route.metadata->ns != gateway.metadata.ns || !takes(listener.protocol, route.carries))
      continue;
    if (std::ranges::none_of(*route.parents,
                             [&](const ObjectRef& ref) { return is_parent(route, ref); }))
      continue;
    // By the route's own hostname, not by what it has in common with the listener's: of two routes
    // the one with the longer hostname comes first.
    const bool has_hosts = route.hostnames != nullptr && !route.hostnames->empty();
    for (const std::string& host : has_hosts ? *route.hostnames : any_host) {
      if (has_hosts && !overlap(listener.hostname, host)) continue;
      PortRules& rules = table.rules(table.group_of(host), 0);
      add_messages(rules.paths, route);
      add_streams(rules.streams, route);
    }
  }
  table.limit_hosts(listener.hostname);
  PolicyIndex its_fault = no_policy;
  if (const FaultPolicy* fault = faults_.for_listener(gateway.metadata, listener))
    its_fault = static_cast<PolicyIndex>(fault - resources_.fault_policies.data());
  plan_->gateways.push_back({qualified(gateway.metadata) + "/" + listener.name, table.build(),
                             limits_.for_listener(gateway.metadata, listener.name), its_fault,
                             index_of(tokens_.for_listener(gateway.metadata, listener))});
}

// ---- The sidecar's own service

void Planner::plan_inbound(std::string_view own_service) {
  plan_->inbound.ports = targets_.inbound_ports(own_service, ns_);
  plan_->inbound.limits = limits_.for_service(ns_, own_service);
  plan_->inbound.jwt = index_of(tokens_.for_service(ns_, own_service));
  const auto names_it = [&](const ObjectRef& ref) {
    return ref.name == own_service && namespace_of(ref, ns_) == ns_;
  };
  for (const AuthorizationPolicy* policy : in_order(resources_.authorization_policies)) {
    const auto& refs = policy->target_refs;
    const bool counts = refs.empty() || std::any_of(refs.begin(), refs.end(), names_it);
    if (policy->metadata.ns == ns_ && counts) plan_->inbound.policies.push_back(*policy);
  }
}

// Whoever enforces a limit is beside an endpoint of our own service, as we are.
void Planner::share_limits(std::string_view own_service) {
  const TargetList::Ports* const ports = targets_.find(own_service, ns_);
  if (ports == nullptr) return;
  const std::size_t peers = targets_[ports->front().second].endpoints.size();
  for (RateLimitSpec& spec : plan_->limits)
    spec.peers = static_cast<std::uint32_t>(std::max<std::size_t>(peers, 1));
}

// ---- Tokens

void Planner::list_claims() {
  std::set<std::string> claims;
  for (const RateLimitSpec& spec : plan_->limits)
    for (const RateLimitKeyConfig& part : spec.limit.key)
      if (part.type == RateLimitKeyConfig::Type::jwt_claim) claims.insert(part.claim);
  for (const AuthorizationPolicy& policy : plan_->inbound.policies)
    for (const AuthorizationRule& rule : policy.rules)
      for (const AuthorizationClaim& claim : rule.claims) claims.insert(claim.name);
  plan_->claims.assign(claims.begin(), claims.end());
}

PolicyIndex Planner::index_of(const JWTPolicy* policy) const {
  if (policy == nullptr) return no_policy;
  return static_cast<PolicyIndex>(policy - resources_.jwt_policies.data());
}

// ---- Rules

void Planner::add_messages(PathIndex& paths, AnyRoute& route) {
  if (route.carries != Carries::messages) return;
  for (const ReadyRule& ready : routes_.rules(route))
    for (const CompiledMatch* match : ready.matches) paths.add({ready.rule, match});
}

void Planner::add_streams(StreamIndex& streams, AnyRoute& route) {
  if (route.carries == Carries::messages) return;
  const RouteRule* rule = routes_.rules(route).front().rule;
  if (route.carries == Carries::bytes) return streams.add_bytes(rule);
  if (route.hostnames->empty()) streams.add_tls("", rule);
  for (const std::string& server : *route.hostnames) streams.add_tls(server, rule);
}

}  // namespace

std::unique_ptr<RoutePlan> make_route_plan(const Resources& resources, std::string_view ns,
                                           std::string_view own_service) {
  return Planner(resources, ns).plan(own_service);
}

const InboundPort* InboundPlan::find(std::uint16_t port) const {
  if (port == 0) return ports.empty() ? nullptr : &ports.front();
  const auto found = std::ranges::find(ports, port, &InboundPort::port);
  return found == ports.end() ? nullptr : &*found;
}

const InboundPort* InboundPlan::find_by_endpoint(std::uint16_t endpoint_port) const {
  const auto found = std::ranges::find_if(ports, [endpoint_port](const InboundPort& port) {
    return std::ranges::find(port.endpoint_ports, endpoint_port) != port.endpoint_ports.end();
  });
  return found == ports.end() ? nullptr : &*found;
}

std::span<const MirrorSpec> RoutePlan::mirrors_of(const RouteRule& rule) const {
  const auto [first, last] = std::ranges::equal_range(mirrors, rule.index, {}, &MirrorSpec::rule);
  return {first, last};
}

PolicyIndex RoutePlan::gateway_fault(std::string_view name) const {
  const GatewayPlan* const gateway = find_gateway(name);
  return gateway == nullptr ? no_policy : gateway->fault;
}

const GatewayPlan* RoutePlan::find_gateway(std::string_view name) const {
  const GatewayPlan* only = nullptr;
  for (const GatewayPlan& each : gateways) {
    if (each.name == name) return &each;
    if (!name.ends_with('/') || !each.name.starts_with(name)) continue;
    if (only != nullptr) return nullptr;
    only = &each;
  }
  return only;
}

const RouteTable* RoutePlan::gateway(std::string_view name) const {
  const GatewayPlan* const found = find_gateway(name);
  return found == nullptr ? nullptr : found->table.get();
}

}  // namespace skiff
