#include <algorithm>

#include "sidecar/route/names.h"
#include "sidecar/route/policy_choice.h"
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
  std::unique_ptr<const RoutePlan> plan(std::string_view own_service);

 private:
  using Group = TableBuilder::Group;

  // One rule of a route with its matches, made on first use and shared by all parents.
  struct ReadyRule {
    const RouteRule* rule;
    std::vector<const CompiledMatch*> matches;
  };
  struct ReadyRoute {
    const HTTPRoute* route;
    std::vector<ReadyRule> rules;
  };
  // A service and the routes that are attached to it, for one role.
  struct Attached {
    std::vector<std::pair<ReadyRoute*, std::uint16_t>> consumer;  // With parentRef.port.
    std::vector<std::pair<ReadyRoute*, std::uint16_t>> producer;
  };

  void plan_mesh();
  void attach_to_services();
  void add_service(TableBuilder& table, const Service& service);
  void name_service(TableBuilder& table, const Service& service, Group group) const;

  void plan_gateway(const Gateway& gateway, const GatewayPort& listener);
  void plan_inbound(std::string_view own_service);

  void add_rules(PathIndex& paths, ReadyRoute& route);
  const RouteRule* implicit_rule(std::uint32_t target);
  RouteRule& new_rule(std::string name);
  void make_ready(ReadyRoute& route);
  const RouteRule* make_rule(const HTTPRoute& route, const HTTPRouteRule& rule, std::size_t index);
  const CompiledMatch* compile(const HTTPRouteMatch& match);

  const Resources& resources_;
  const std::string ns_;
  const PolicyChoice policies_;
  const TlsChoice tls_;
  TargetList targets_;
  std::vector<ReadyRoute> routes_;  // In the order in which equals are tried.
  TextMap<Attached> attached_;      // By the service's qualified name.
  const CompiledMatch* everything_ = nullptr;
  std::unique_ptr<RoutePlan> plan_ = std::make_unique<RoutePlan>();
};

bool names_service(const ObjectRef& ref) { return ref.kind == "Service"; }
bool names_gateway(const ObjectRef& ref) { return ref.kind == "Gateway" || ref.kind.empty(); }

Planner::Planner(const Resources& resources, std::string_view ns)
    : resources_(resources),
      ns_(ns),
      policies_(resources.traffic_policies),
      tls_(resources.mesh_tls),
      targets_(resources.services, policies_, tls_) {
  for (const HTTPRoute& route : resources.http_routes) routes_.push_back({&route, {}});
  std::stable_sort(routes_.begin(), routes_.end(), [](const auto& a, const auto& b) {
    return comes_before(a.route->metadata, b.route->metadata);
  });
  everything_ = compile({});
}

std::unique_ptr<const RoutePlan> Planner::plan(std::string_view own_service) {
  plan_mesh();
  for (const Gateway& gateway : resources_.gateways)
    for (const GatewayPort& listener : gateway.listeners) plan_gateway(gateway, listener);
  if (!own_service.empty()) plan_inbound(own_service);
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
  for (ReadyRoute& ready : routes_) {
    const std::string& route_ns = ready.route->metadata.ns;
    for (const ObjectRef& parent : ready.route->parent_refs) {
      if (!names_service(parent)) continue;
      const std::string& service_ns = namespace_of(parent, route_ns);
      const bool is_producer = service_ns == route_ns;
      if (!is_producer && route_ns != ns_) continue;  // Consumers of another namespace.
      Attached& attached = attached_[qualified(parent.name, service_ns)];
      (is_producer ? attached.producer : attached.consumer).emplace_back(&ready, parent.port);
    }
  }
}

void Planner::add_service(TableBuilder& table, const Service& service) {
  const Group group = table.add_group();
  const auto at = attached_.find(qualified(service.metadata));
  for (const auto& [port, target] : targets_.ports(service.metadata)) {
    PathIndex& paths = table.paths(group, port);
    const ReadyRoute* last = nullptr;  // A route may name a service twice.
    const auto add_attached = [&](auto& routes, std::uint16_t its_port) {
      for (const auto& [route, route_port] : routes) {
        if ((route_port != 0 && route_port != its_port) || route == last) continue;
        add_rules(paths, *route);
        last = route;
      }
    };
    // Consumers' routes stand instead of the producer's; they are not merged.
    if (at != attached_.end()) add_attached(at->second.consumer, port);
    if (at != attached_.end() && last == nullptr) add_attached(at->second.producer, port);
    if (last == nullptr) paths.add({implicit_rule(target), everything_});
  }
}

void Planner::name_service(TableBuilder& table, const Service& service, Group group) const {
  const std::string full = qualified(service.metadata);
  if (service.metadata.ns == ns_) table.add_host(service.metadata.name, group);
  for (const char* suffix : {"", ".svc", ".svc.cluster.local"})
    table.add_host(full + suffix, group);
}

// ---- Gateways

void Planner::plan_gateway(const Gateway& gateway, const GatewayPort& listener) {
  const auto is_parent = [&](const HTTPRoute& route, const ObjectRef& ref) {
    return names_gateway(ref) && ref.name == gateway.metadata.name &&
           namespace_of(ref, route.metadata.ns) == gateway.metadata.ns &&
           (ref.section_name.empty() || ref.section_name == listener.name) &&
           (ref.port == 0 || ref.port == listener.port);
  };
  TableBuilder table;
  for (ReadyRoute& ready : routes_) {
    const HTTPRoute& route = *ready.route;
    // Without allowedRoutes a listener takes routes of its own namespace, as Gateway API says.
    if (route.metadata.ns != gateway.metadata.ns) continue;
    if (std::none_of(route.parent_refs.begin(), route.parent_refs.end(),
                     [&](const ObjectRef& ref) { return is_parent(route, ref); }))
      continue;
    // By the route's own hostname, not by what it has in common with the listener's: of two routes
    // the one with the longer hostname comes first.
    if (route.hostnames.empty()) add_rules(table.paths(table.group_of(""), 0), ready);
    for (const std::string& host : route.hostnames)
      if (overlap(listener.hostname, host)) add_rules(table.paths(table.group_of(host), 0), ready);
  }
  table.limit_hosts(listener.hostname);
  plan_->gateways.emplace_back(qualified(gateway.metadata) + "/" + listener.name, table.build());
}

// ---- The sidecar's own service

void Planner::plan_inbound(std::string_view own_service) {
  plan_->inbound.ports = targets_.inbound_ports(own_service, ns_);
  const auto names_it = [&](const ObjectRef& ref) {
    return ref.name == own_service && namespace_of(ref, ns_) == ns_;
  };
  for (const AuthorizationPolicy* policy : in_order(resources_.authorization_policies)) {
    const auto& refs = policy->target_refs;
    const bool counts = refs.empty() || std::any_of(refs.begin(), refs.end(), names_it);
    if (policy->metadata.ns == ns_ && counts) plan_->inbound.policies.push_back(*policy);
  }
}

// ---- Rules

void Planner::add_rules(PathIndex& paths, ReadyRoute& route) {
  if (route.rules.empty()) make_ready(route);
  for (const ReadyRule& ready : route.rules)
    for (const CompiledMatch* match : ready.matches) paths.add({ready.rule, match});
}

void Planner::make_ready(ReadyRoute& ready) {
  const HTTPRoute& route = *ready.route;
  for (std::size_t i = 0; i < route.rules.size(); ++i) {
    const HTTPRouteRule& rule = route.rules[i];
    ReadyRule& made = ready.rules.emplace_back();
    made.rule = make_rule(route, rule, i);
    for (const HTTPRouteMatch& match : rule.matches) made.matches.push_back(compile(match));
    if (rule.matches.empty()) made.matches.push_back(everything_);
  }
}

const RouteRule* Planner::make_rule(const HTTPRoute& route, const HTTPRouteRule& rule,
                                    std::size_t index) {
  const std::string last = rule.name.empty() ? std::to_string(index) : rule.name;
  RouteRule& made = new_rule(qualified(route.metadata) + "/" + last);
  made.filters = rule.filters;
  made.split_key = rule.split_key;
  for (const HTTPBackendRef& backend : rule.backend_refs) {
    const std::string& ns = namespace_of(backend.ref, route.metadata.ns);
    const std::uint32_t target = targets_.target(backend.ref.name, ns, backend.ref.port);
    made.backends.push_back({target, backend.weight, backend.filters});
    made.total_weight += backend.weight;
  }
  made.request_timeout = rule.timeouts.request;
  made.backend_request_timeout = rule.timeouts.backend_request;
  if (!made.request_timeout.has_value())
    if (const TrafficPolicy* policy = policies_.for_rule(route.metadata, rule.name))
      made.request_timeout = policy->timeouts.request;
  return &made;
}

const RouteRule* Planner::implicit_rule(std::uint32_t target) {
  RouteRule& rule = new_rule(targets_[target].name);
  rule.backends.push_back({target, 1, {}});
  rule.total_weight = 1;
  return &rule;
}

RouteRule& Planner::new_rule(std::string name) {
  RouteRule& rule = *plan_->rules.emplace_back(std::make_unique<RouteRule>());
  rule.index = static_cast<std::uint32_t>(plan_->rules.size() - 1);
  rule.name = std::move(name);
  return rule;
}

const CompiledMatch* Planner::compile(const HTTPRouteMatch& match) {
  return plan_->matches.emplace_back(std::make_unique<const CompiledMatch>(match)).get();
}

}  // namespace

std::shared_ptr<const RoutePlan> make_route_plan(const Resources& resources, std::string_view ns,
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

const RouteTable* RoutePlan::gateway(std::string_view name) const {
  const RouteTable* only = nullptr;
  for (const auto& [its_name, table] : gateways) {
    if (its_name == name) return table.get();
    if (!name.ends_with('/') || !its_name.starts_with(name)) continue;
    if (only != nullptr) return nullptr;
    only = table.get();
  }
  return only;
}

}  // namespace skiff
