#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/schema/http_route.h"
#include "config/schema/rate_limit_policy.h"
#include "config/schema/resources.h"
#include "config/schema/traffic_policy.h"
#include "sidecar/http/endpoint_spec.h"
#include "sidecar/http/message.h"
#include "sidecar/route/compiled_match.h"

namespace skiff {

// Index into a list of the RoutePlan; `no_policy`: none of it.
using PolicyIndex = std::uint32_t;
inline constexpr PolicyIndex no_policy = UINT32_MAX;

// What answers where a target fails.
struct FallbackSpec {
  std::string name;  // Of what is kept for it: the rule's or the target's.
  FallbackConfig steps;
  std::vector<std::uint32_t> others;  // Of each CLUSTER, in their order: the target's index.
};

// One service port that requests can be sent to, with the policy that is in force for it.
struct TargetSpec {
  std::string name;       // `product.shop`; with a second port: `product.shop:9090`. Metric label.
  std::string authority;  // `product`: the Host for health checks.
  Protocol protocol = Protocol::http;
  // What MeshTLS says, else disabled: `strict` is mutual TLS or nothing, `permissive` where we have
  // an identity.
  TlsMode tls = TlsMode::disabled;
  // Whom its endpoints may prove to be, at least one: `spiffe://…`, or a path (`/ns/…/sa/…`) of our
  // own trust domain; full_identity() makes one of both.
  std::vector<std::string> identities;
  TrafficPolicy
      policy;  // The one whose targetRefs name the service most specifically, or defaults.
  EndpointSpecs endpoints;
  bool is_application = false;       // The one beside the sidecar.
  PolicyIndex fault = no_policy;     // Of the service.
  PolicyIndex fallback = no_policy;  // The same.
};

// One limit of a RateLimitPolicy.
struct RateLimitSpec {
  std::string policy;  // `NAMESPACE/NAME`.
  RateLimitConfig limit;
  // With scope mesh: so many sidecars have a share of it. The endpoints of the sidecar's own
  // service, itself among them; 1 where they are not known.
  std::uint32_t peers = 1;

  std::string name() const { return policy + "/" + limit.name; }
};

struct RouteBackend {
  std::uint32_t target = 0;  // Index into RoutePlan::targets.
  std::uint32_t weight = 1;
  std::vector<HTTPRouteFilter> filters;
};

// One rule of one route, or the rule that every service has without any route: all of it goes
// there.
struct RouteRule {
  std::uint32_t index = 0;  // Unique within its RoutePlan; dense.
  // `checkout.shop/0` or `checkout.shop/NAME`; for a service without route its target's name.
  std::string name;  // Metric label.
  std::vector<HTTPRouteFilter> filters;
  std::vector<RouteBackend> backends;
  std::uint64_t total_weight = 0;
  // The route's, else its TrafficPolicy's; nothing: the target's policy says it.
  std::optional<Milliseconds> request_timeout;
  std::optional<Milliseconds> backend_request_timeout;
  std::optional<Criticality> criticality;    // Its TrafficPolicy's; nothing: the target's says it.
  std::unique_ptr<const RetryConfig> retry;  // Null: the target's policy says it.
  SplitKey split_key;
  std::vector<std::uint32_t> limits;  // Of RoutePlan::limits, in their order.
  PolicyIndex fault = no_policy;      // The route's; it wins over the target's.
  PolicyIndex fallback = no_policy;   // The same.
  PolicyIndex jwt = no_policy;        // Of Resources::jwt_policies; it wins over the Gateway's.
};

// One RequestMirror of a rule.
struct MirrorSpec {
  std::uint32_t rule = 0;    // RouteRule::index.
  std::uint32_t target = 0;  // Index into RoutePlan::targets.
  Fraction share;
};

// What holds for one port of the sidecar's own service.
struct InboundPort {
  std::uint16_t port = 0;  // The service's.
  // Where its endpoints listen: a captured connection to one of these came for this port.
  std::vector<std::uint16_t> endpoint_ports;
  Protocol protocol = Protocol::http;
  TlsMode tls = TlsMode::permissive;
  TrafficPolicy policy;  // In force for it, or defaults; of it what concerns callers.
};

// What holds for what others ask of the sidecar's own service.
struct InboundPlan {
  std::vector<InboundPort> ports;             // In the service's order; empty: it is not known.
  std::vector<AuthorizationPolicy> policies;  // All that count, enforced or not.
  std::vector<std::uint32_t> limits;          // Of RoutePlan::limits, in their order.
  PolicyIndex jwt = no_policy;                // Of Resources::jwt_policies.

  // `port` 0: the first. Null: there is none.
  const InboundPort* find(std::uint16_t port) const;
  // By where the endpoint listens; null: none of its ports.
  const InboundPort* find_by_endpoint(std::uint16_t endpoint_port) const;
};

// Hosts and matches of one kind of listener, in Gateway API's order of precedence: the most
// specific host; then exact path, longest prefix, regular expression; method; number of headers, of
// query parameters; the older route; its name; the first rule. Immutable; any thread may read.
// Cost: independent of the number of routes (hash by host, then by path segment), but for regular
// expressions and rules that share one path, which are tried in turn.
//
// Of a call of gRPC: the service, then the method, as its path says them. Bytes (Version::bytes)
// have no path: where their scheme is `tls` and a TLSRoute names the server that they ask for
// (their authority), it goes there; else as a TCPRoute says; else, on a port without any route, to
// the service.
class RouteTable {
 public:
  struct Found {
    const RouteRule* rule = nullptr;  // Null: nothing matched.
    std::string_view matched_prefix;  // What ReplacePrefixMatch replaces; part of the rule.
    bool host_known = false;  // With a null rule: the host exists but no rule of it matched.
  };

  virtual ~RouteTable() = default;

  // `host` in lower case, without port; `port` 0 where Host has none.
  virtual Found find(std::string_view host, std::uint16_t port, const Request& request) const = 0;
  // All rules of one service (`NAME` or `NAME.NAMESPACE`) whatever the Host.
  virtual Found find_for_service(std::string_view service, std::uint16_t port,
                                 const Request& request) const = 0;
  // The same of the service that has `address` among its `addresses`, as inet_ntop() writes it, and
  // this port. Not known: a captured connection to something else.
  virtual Found find_by_address(std::string_view address, std::uint16_t port,
                                const Request& request) const = 0;
};

// One listener of a Gateway.
struct GatewayPlan {
  std::string name;  // `NAME.NAMESPACE/SECTION`.
  std::unique_ptr<RouteTable> table;
  std::vector<std::uint32_t> limits;  // Of RoutePlan::limits, in their order.
  PolicyIndex fault = no_policy;
  PolicyIndex jwt = no_policy;
};

struct RoutePlan {
  std::vector<TargetSpec> targets;
  std::vector<RateLimitSpec> limits;
  std::vector<std::unique_ptr<RouteRule>> rules;
  std::vector<std::unique_ptr<const CompiledMatch>> matches;  // What the tables point to.
  std::unique_ptr<RouteTable> mesh;                           // For outbound listeners.
  std::vector<GatewayPlan> gateways;
  InboundPlan inbound;
  std::vector<FaultPolicy> faults;
  std::vector<std::string> claims;  // Of tokens, that are asked for; each once.
  std::vector<FallbackSpec> fallbacks;
  std::vector<MirrorSpec> mirrors;  // In the order of their rules.

  std::span<const MirrorSpec> mirrors_of(const RouteRule& rule) const;
  // What goes wrong for what comes through this listener; `name` as for gateway().
  PolicyIndex gateway_fault(std::string_view name) const;

  // `NAME.NAMESPACE/` finds a Gateway's only listener. Null: there is none, or several.
  const GatewayPlan* find_gateway(std::string_view name) const;
  // Its table, or null.
  const RouteTable* gateway(std::string_view name) const;
};

// What `resources` mean for a sidecar of namespace `ns` beside `own_service` (empty: beside none):
// names without a namespace are of `ns`, and consumer routes (GEP-1294) of `ns` come before the
// producer's. Needs resources that passed the cross checks (config/schema/snapshot.h).
std::unique_ptr<RoutePlan> make_route_plan(const Resources& resources, std::string_view ns,
                                           std::string_view own_service = {});

}  // namespace skiff
