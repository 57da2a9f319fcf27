#include "sidecar/route/route_list.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "sidecar/route/names.h"

namespace skiff {
namespace {

RetryConfig retry_of(const HTTPRouteRetry& retry) {
  RetryConfig config;
  config.attempts = retry.attempts;
  config.codes = retry.codes;
  if (retry.backoff) {
    config.backoff.least = *retry.backoff;
    config.backoff.base = std::max(*retry.backoff, Milliseconds(1));
    config.backoff.max = std::max(config.backoff.max, config.backoff.base);
  }
  return config;
}

}  // namespace

RouteList::RouteList(const Resources& resources, const Choices& choices, TargetList& targets,
                     RoutePlan& plan)
    : all_faults_(resources.fault_policies),
      all_tokens_(resources.jwt_policies),
      choices_(choices),
      targets_(targets),
      plan_(plan),
      everything_(compile(HTTPRouteMatch{})) {
  add_all(resources.http_routes, AnyRoute::Carries::messages);
  add_all(resources.grpc_routes, AnyRoute::Carries::messages);
  add_all(resources.tcp_routes, AnyRoute::Carries::bytes);
  add_all(resources.tls_routes, AnyRoute::Carries::tls);
  std::stable_sort(routes_.begin(), routes_.end(), [](const AnyRoute& a, const AnyRoute& b) {
    return comes_before(*a.metadata, *b.metadata);
  });
}

template <typename Route>
void RouteList::add_all(const std::vector<Route>& routes, AnyRoute::Carries carries) {
  for (const Route& route : routes) {
    AnyRoute& added = routes_.emplace_back();
    added.carries = carries;
    added.metadata = &route.metadata;
    added.parents = &route.parent_refs;
    if constexpr (requires { route.hostnames; }) added.hostnames = &route.hostnames;
    added.source = &route;
  }
}

const std::vector<ReadyRule>& RouteList::rules(AnyRoute& route) {
  if (route.ready.empty())
    std::visit([&](const auto* source) { make_ready(*source, route.ready); }, route.source);
  return route.ready;
}

template <typename Route>
void RouteList::make_ready(const Route& route, std::vector<ReadyRule>& ready) {
  for (std::size_t i = 0; i < route.rules.size(); ++i) {
    const auto& rule = route.rules[i];
    RouteRule& made = make_rule(route.metadata, rule, i);
    ReadyRule& added = ready.emplace_back();
    added.rule = &made;
    if constexpr (std::is_same_v<Route, HTTPRoute>) {
      made.split_key = rule.split_key;
      made.request_timeout = rule.timeouts.request;
      made.backend_request_timeout = rule.timeouts.backend_request;
      if (rule.retry) made.retry = std::make_unique<RetryConfig>(retry_of(*rule.retry));
      apply_policies("HTTPRoute", route.metadata, made, rule.name);
    } else if constexpr (std::is_same_v<Route, GRPCRoute>) {
      apply_policies("GRPCRoute", route.metadata, made, rule.name);
    }
    if constexpr (requires { rule.matches; }) {
      for (const auto& match : rule.matches) added.matches.push_back(compile(match));
      if (!rule.matches.empty()) continue;
      const bool is_grpc = std::is_same_v<Route, GRPCRoute>;
      added.matches.push_back(is_grpc ? compile(GRPCRouteMatch{}) : everything_);
    }
  }
}

template <typename Rule>
RouteRule& RouteList::make_rule(const Metadata& route, const Rule& rule, std::size_t index) {
  const std::string last = rule.name.empty() ? std::to_string(index) : rule.name;
  RouteRule& made = new_rule(qualified(route) + "/" + last);
  if constexpr (requires { rule.filters; }) {
    made.filters = rule.filters;
    add_mirrors(route, made);
  }
  for (const HTTPBackendRef& backend : rule.backend_refs) {
    const std::string& ns = namespace_of(backend.ref, route.ns);
    const std::uint32_t target = targets_.target(backend.ref.name, ns, backend.ref.port);
    made.backends.push_back({target, backend.weight, backend.filters});
    made.total_weight += backend.weight;
  }
  return made;
}

void RouteList::add_mirrors(const Metadata& route, const RouteRule& rule) {
  for (const HTTPRouteFilter& filter : rule.filters) {
    if (filter.type != HTTPRouteFilter::Type::request_mirror) continue;
    const ObjectRef& ref = filter.request_mirror.backend_ref;
    const auto target = targets_.target(ref.name, namespace_of(ref, route.ns), ref.port);
    plan_.mirrors.push_back({rule.index, target, filter.request_mirror.share()});
  }
}

// What the route says itself wins.
void RouteList::apply_policies(std::string_view kind, const Metadata& route, RouteRule& rule,
                               std::string_view rule_name) const {
  rule.limits = choices_.limits.for_rule(kind, route, rule_name);
  const FaultPolicy* const fault = choices_.faults.for_rule(kind, route, rule_name);
  if (fault != nullptr) rule.fault = static_cast<PolicyIndex>(fault - all_faults_.data());
  const JWTPolicy* const jwt = choices_.tokens.for_rule(kind, route, rule_name);
  if (jwt != nullptr) rule.jwt = static_cast<PolicyIndex>(jwt - all_tokens_.data());
  const TrafficPolicy* const policy = choices_.policies.for_rule(kind, route, rule_name);
  if (policy == nullptr) return;
  rule.criticality = policy->criticality;
  if (!rule.request_timeout) rule.request_timeout = policy->timeouts.request;
  if (!rule.backend_request_timeout) rule.backend_request_timeout = policy->timeouts.per_try;
  if (rule.retry == nullptr) rule.retry = std::make_unique<RetryConfig>(policy->retry);
  if (policy->fallback.empty()) return;
  rule.fallback = static_cast<PolicyIndex>(plan_.fallbacks.size());
  plan_.fallbacks.push_back(targets_.fallback_of(rule.name, policy->fallback, policy->metadata.ns));
}

const RouteRule* RouteList::implicit_rule(TargetList::Index target) {
  RouteRule& rule = new_rule(targets_[target].name);
  rule.backends.push_back({target, 1, {}});
  rule.total_weight = 1;
  return &rule;
}

RouteRule& RouteList::new_rule(std::string name) {
  RouteRule& rule = *plan_.rules.emplace_back(std::make_unique<RouteRule>());
  rule.index = static_cast<std::uint32_t>(plan_.rules.size() - 1);
  rule.name = std::move(name);
  return rule;
}

template <typename Match>
const CompiledMatch* RouteList::compile(const Match& match) {
  return plan_.matches.emplace_back(std::make_unique<const CompiledMatch>(match)).get();
}

}  // namespace skiff
