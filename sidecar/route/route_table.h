#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/schema/http_route.h"
#include "config/schema/resources.h"
#include "config/schema/traffic_policy.h"
#include "sidecar/http/endpoint_spec.h"
#include "sidecar/http/message.h"
#include "sidecar/route/compiled_match.h"

namespace skiff {

// One service port that requests can be sent to, with the policy that is in force for it.
struct TargetSpec {
  std::string name;       // `product.shop`; with a second port: `product.shop:9090`. Metric label.
  std::string authority;  // `product`: the Host for health checks.
  Protocol protocol = Protocol::http;
  TrafficPolicy
      policy;  // The one whose targetRefs name the service most specifically, or defaults.
  EndpointSpecs endpoints;
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
  SplitKey split_key;
};

// Hosts and matches of one kind of listener, in Gateway API's order of precedence: the most
// specific host; then exact path, longest prefix, regular expression; method; number of headers, of
// query parameters; the older route; its name; the first rule. Immutable; any thread may read.
// Cost: independent of the number of routes (hash by host, then by path segment), but for regular
// expressions and rules that share one path, which are tried in turn.
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
};

struct RoutePlan {
  std::vector<TargetSpec> targets;
  std::vector<std::unique_ptr<RouteRule>> rules;
  std::vector<std::unique_ptr<const CompiledMatch>> matches;  // What the tables point to.
  std::unique_ptr<RouteTable> mesh;                           // For outbound listeners.
  // By `NAME.NAMESPACE/SECTION`; see gateway().
  std::vector<std::pair<std::string, std::unique_ptr<RouteTable>>> gateways;

  // `NAME.NAMESPACE/` finds a Gateway's only listener. Null: there is none, or several.
  const RouteTable* gateway(std::string_view name) const;
};

// What `resources` mean for a sidecar of namespace `ns`: names without a namespace are of `ns`, and
// consumer routes (GEP-1294) of `ns` come before the producer's. Needs resources that passed the
// cross checks (config/schema/snapshot.h).
std::shared_ptr<const RoutePlan> make_route_plan(const Resources& resources, std::string_view ns);

}  // namespace skiff
