#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/schema/resources.h"
#include "sidecar/route/compiled_match.h"
#include "sidecar/route/limit_list.h"
#include "sidecar/route/policy_choice.h"
#include "sidecar/route/route_table.h"
#include "sidecar/route/target_list.h"

namespace skiff {

// A rule with what requests must meet for it; of bytes, nothing.
struct ReadyRule {
  const RouteRule* rule = nullptr;
  std::vector<const CompiledMatch*> matches;
};

// A route of any kind.
struct AnyRoute {
  enum class Carries { messages, bytes, tls };

  Carries carries = Carries::messages;
  const Metadata* metadata = nullptr;
  const std::vector<ObjectRef>* parents = nullptr;
  const std::vector<std::string>* hostnames = nullptr;  // Null: the kind has none.
  std::variant<const HTTPRoute*, const GRPCRoute*, const TCPRoute*, const TLSRoute*> source;
  std::vector<ReadyRule> ready;  // Empty before the first use.
};

// All routes, and the rules that they and services without routes make in a plan.
class RouteList final {
 public:
  // Who knows which policy is for what; all outlive it.
  struct Choices {
    const PolicyChoice& policies;
    const FaultChoice& faults;  // Of the resources' faults.
    const JwtChoice& tokens;    // The same.
    LimitList& limits;
  };

  // All outlive it; what it makes goes to `plan`.
  RouteList(const Resources& resources, const Choices& choices, TargetList& targets,
            RoutePlan& plan);

  // In the order in which equals are tried.
  std::span<AnyRoute> in_order() { return routes_; }

  // Made on first use, so that what is attached to nothing makes none, and shared by all parents.
  const std::vector<ReadyRule>& rules(AnyRoute& route);

  // What a service without route has: all goes there.
  const RouteRule* implicit_rule(TargetList::Index target);

  // A match that everything meets.
  const CompiledMatch* everything() const { return everything_; }

 private:
  template <typename Route>
  void add_all(const std::vector<Route>& routes, AnyRoute::Carries carries);
  template <typename Route>
  void make_ready(const Route& route, std::vector<ReadyRule>& ready);
  template <typename Rule>
  RouteRule& make_rule(const Metadata& route, const Rule& rule, std::size_t index);
  void add_mirrors(const Metadata& route, const RouteRule& rule);
  void apply_policies(std::string_view kind, const Metadata& route, RouteRule& rule,
                      std::string_view rule_name) const;
  RouteRule& new_rule(std::string name);
  template <typename Match>
  const CompiledMatch* compile(const Match& match);

  const std::vector<FaultPolicy>& all_faults_;
  const std::vector<JWTPolicy>& all_tokens_;
  const Choices choices_;
  TargetList& targets_;
  RoutePlan& plan_;
  const CompiledMatch* everything_;
  std::vector<AnyRoute> routes_;
};

}  // namespace skiff
