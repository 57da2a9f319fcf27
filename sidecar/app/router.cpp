#include "sidecar/app/router.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "sidecar/app/token_gate.h"
#include "sidecar/http/criticality.h"
#include "sidecar/observe/observe.h"
#include "sidecar/route/filters.h"
#include "sidecar/route/split.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

// Longer than any request lives; still a time that can be added to another.
constexpr Duration no_limit = 24h * 365;

// Host in lower case, without port; RFC 9110, 4.2.3.
struct HostAndPort {
  std::string_view host;
  std::uint16_t port = 0;
};

HostAndPort split_authority(std::string_view authority, Arena& arena) {
  HostAndPort result{authority};
  const auto colon = authority.rfind(':');
  if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
    const auto digits = authority.substr(colon + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), result.port);
    result.host = authority.substr(0, colon);
  }
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (std::any_of(result.host.begin(), result.host.end(), is_upper)) {
    char* const lower = arena.allocate(result.host.size(), 1);
    std::transform(result.host.begin(), result.host.end(), lower,
                   [&](char c) { return static_cast<char>(is_upper(c) ? c + 32 : c); });
    result.host = {lower, result.host.size()};
  }
  return result;
}

// Changes the answer's headers as the route says.
class FilteringReply final : public PassingReply {
 public:
  FilteringReply(Reply& outer, const RouteRule& rule, const RouteBackend& backend)
      : PassingReply(outer), rule_(rule), backend_(backend) {}

  void answered(Exchange& exchange, Response& response) override {
    apply_response_filters(backend_.filters, exchange.arena, response);
    apply_response_filters(rule_.filters, exchange.arena, response);
    PassingReply::answered(exchange, response);
  }

 private:
  const RouteRule& rule_;
  const RouteBackend& backend_;
};

void limit_time(const RouteRule& rule, Exchange& exchange) {
  if (rule.backend_request_timeout.has_value()) {
    const Duration limit = *rule.backend_request_timeout;
    exchange.deadlines.per_try = limit > 0ns ? limit : no_limit;
  }
  if (!rule.request_timeout.has_value()) return;
  exchange.deadlines.request_by_route = true;
  if (*rule.request_timeout > 0ms) {
    exchange.deadlines.request = exchange.started + *rule.request_timeout;
  }
}

}  // namespace

// A request that has its route and meets limits before it goes there.
class Router::Limited final : public AfterLimits {
 public:
  Limited(Router& router, Generation& generation, const RouteTable::Found& found)
      : router_(router), generation_(generation), found_(found) {}

  void let_through(Exchange& exchange, Reply& reply) override {
    router_.go_on(generation_, found_, exchange, reply);
  }

 private:
  Router& router_;
  Generation& generation_;
  const RouteTable::Found found_;
};

Router::Router(const RouterTools& tools, RouteScope scope, RouterCounting counting,
               Forwarder* elsewhere)
    : tools_(tools),
      scope_(std::move(scope)),
      counting_(std::move(counting)),
      elsewhere_(elsewhere) {}

void Router::forward(Exchange& exchange, Reply& reply) {
  Generation& generation = *tools_.generations.current();
  const RouteTable::Found found = find(*generation.plan, exchange);
  if (found.rule == nullptr && elsewhere_ != nullptr && !found.host_known) {
    return elsewhere_->forward(exchange, reply);
  }
  const auto limits = limits_of(*generation.plan, found.rule, exchange.arena);
  if (found.rule != nullptr) exchange.marks.route = found.rule->name;
  const bool has_tokens = !generation.tokens.empty();
  const PolicyIndex jwt = has_tokens ? jwt_of(*generation.plan, found.rule) : no_policy;
  if (found.rule != nullptr || !limits.empty() || jwt != no_policy)
    tools_.generations.use(generation, exchange);
  if (!passes_token_gate(generation, jwt, exchange, reply)) return;
  if (limits.empty()) return go_on(generation, found, exchange, reply);
  ask_limits({generation.limits, limits, tools_.loop}, exchange, reply,
             *exchange.arena.make<Limited>(*this, generation, found));
}

// The rule's, else that of the gateway's listener.
PolicyIndex Router::jwt_of(const RoutePlan& plan, const RouteRule* rule) const {
  if (rule != nullptr && rule->jwt != no_policy) return rule->jwt;
  if (scope_.kind != RouteScope::Kind::gateway) return no_policy;
  const GatewayPlan* const gateway = plan.find_gateway(scope_.name);
  return gateway == nullptr ? no_policy : gateway->jwt;
}

// Those of the gateway's listener, and those of the rule.
std::span<const std::uint32_t> Router::limits_of(const RoutePlan& plan, const RouteRule* rule,
                                                 Arena& arena) const {
  std::span<const std::uint32_t> of_rule;
  if (rule != nullptr) of_rule = rule->limits;
  if (plan.limits.empty() || scope_.kind != RouteScope::Kind::gateway) return of_rule;
  const GatewayPlan* const gateway = plan.find_gateway(scope_.name);
  if (gateway == nullptr || gateway->limits.empty()) return of_rule;
  if (of_rule.empty()) return gateway->limits;
  const std::size_t size = gateway->limits.size() + of_rule.size();
  auto* const both = arena.make_array<std::uint32_t>(size);
  std::ranges::copy(of_rule, std::ranges::copy(gateway->limits, both).out);
  std::stable_partition(both, both + size, [&plan](std::uint32_t index) {
    return plan.limits[index].limit.scope != RateLimitConfig::Scope::redis;
  });
  return {both, size};
}

void Router::go_on(Generation& generation, const RouteTable::Found& found, Exchange& exchange,
                   Reply& reply) {
  if (found.rule == nullptr) {
    const bool unknown = scope_.kind == RouteScope::Kind::mesh && !found.host_known;
    return reply.failed(exchange,
                        {.kind = unknown ? ErrorKind::unknown_service : ErrorKind::no_route});
  }
  if (!found.rule->filters.empty()) {
    Response redirect;
    if (make_redirect(found.rule->filters, found.matched_prefix, scope_.listener_port,
                      exchange.arena, exchange.request, redirect)) {
      return answer_without_body(exchange, reply, redirect);
    }
  }
  send(generation, found, exchange, reply);
}

RouteTable::Found Router::find(const RoutePlan& plan, Exchange& exchange) const {
  if (scope_.kind == RouteScope::Kind::service) {
    return plan.mesh->find_for_service(scope_.name, scope_.service_port, exchange.request);
  }
  if (scope_.kind == RouteScope::Kind::captured) return find_captured(plan, exchange);
  const auto [host, port] = split_authority(exchange.request.authority, exchange.arena);
  if (scope_.kind == RouteScope::Kind::mesh) return plan.mesh->find(host, port, exchange.request);
  const RouteTable* const table = plan.gateway(scope_.name);
  return table == nullptr ? RouteTable::Found{} : table->find(host, port, exchange.request);
}

// By the name that the client says, as without capture; else by the address that it meant.
RouteTable::Found Router::find_captured(const RoutePlan& plan, Exchange& exchange) {
  const std::string_view authority = exchange.request.authority;
  if (!authority.empty()) {
    const auto [host, port] = split_authority(authority, exchange.arena);
    const RouteTable::Found found = plan.mesh->find(host, port, exchange.request);
    if (found.host_known) return found;
  }
  auto [host, port] = split_authority(exchange.destination, exchange.arena);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return plan.mesh->find_by_address(host, port, exchange.request);
}

const RouteBackend* Router::choose(const RouteRule& rule, const Exchange& exchange) {
  if (rule.total_weight == 0) return nullptr;
  if (rule.backends.size() == 1) return &rule.backends.front();
  return choose_backend(rule, split_hash(rule.split_key, exchange.client_address, exchange.request),
                        tools_.loop.random());
}

void Router::send(Generation& generation, const RouteTable::Found& found, Exchange& exchange,
                  Reply& reply) {
  const RouteRule& rule = *found.rule;
  const RouteBackend* const backend = choose(rule, exchange);
  if (backend == nullptr) return reply.failed(exchange, {.kind = ErrorKind::no_backend});

  Target& target = *generation.targets[backend->target];
  exchange.marks.target = target.name();
  mark_routed(exchange,
              cells(generation, rule, static_cast<std::size_t>(backend - rule.backends.data()),
                    target.name()));
  limit_time(rule, exchange);
  if (rule.criticality.has_value()) say_criticality(*rule.criticality, exchange);
  exchange.retry = rule.retry.get();
  Reply* answer_to = &reply;
  if (!rule.filters.empty() || !backend->filters.empty()) {
    apply_request_filters(rule.filters, found.matched_prefix, exchange.arena, exchange.request);
    answer_to = &mirror(generation, rule, exchange, reply);
    apply_request_filters(backend->filters, found.matched_prefix, exchange.arena, exchange.request);
    answer_to = exchange.arena.make<FilteringReply>(*answer_to, rule, *backend);
  }
  RoutePolicies& policies = *generation.policies;
  const bool is_gateway = scope_.kind == RouteScope::Kind::gateway;
  policies.set_faults(rule, backend->target, is_gateway ? scope_.name : std::string_view(),
                      exchange);
  policies.forward(rule, backend->target, exchange, *answer_to);
}

// Those of its mirrors that are drawn get the request as the rule's filters leave it.
Reply& Router::mirror(Generation& generation, const RouteRule& rule, Exchange& exchange,
                      Reply& reply) {
  Reply* answer_to = &reply;
  for (const MirrorSpec& spec : generation.plan->mirrors_of(rule)) {
    if (tools_.loop.random().below(spec.share.denominator) >= spec.share.numerator) continue;
    Target& to = *generation.targets[spec.target];
    Exchange* const copy = tools_.mirrors.copy(exchange, to.mirrors());
    if (copy == nullptr) continue;
    tools_.generations.use(generation, *copy);
    copy->marks.route = rule.name;
    copy->marks.target = to.name();
    generation.policies->set_faults_of(spec.target, *copy);
    answer_to = &tools_.mirrors.follow(exchange, *answer_to, *copy, to, to.mirrors());
  }
  return *answer_to;
}

RequestCells& Router::cells(const Generation& generation, const RouteRule& rule,
                            std::size_t backend, const std::string& target) {
  if (cells_generation_ != generation.number) {
    cells_.assign(generation.plan->rules.size(), nullptr);
    more_cells_.clear();
    cells_generation_ = generation.number;
  }
  auto& slot = backend == 0 ? cells_[rule.index] : more_cells_[&rule.backends[backend]];
  if (slot == nullptr) {
    SeriesLabels labels = counting_.labels;
    labels.destination = target;
    labels.route = rule.name;
    slot = counting_.metrics.requests(labels);
  }
  return *slot;
}

}  // namespace skiff
