#include "config/schema/warnings.h"

#include <algorithm>
#include <map>
#include <set>

#include "config/schema/item_path.h"
#include "config/schema/kinds.h"
#include "config/schema/resource_index.h"
#include "config/schema/shape_printer.h"

namespace skiff {
namespace {

using Action = AuthorizationPolicy::Action;

bool looks_at_messages(const AuthorizationOperation& operation) {
  return !operation.methods.empty() || !operation.paths.empty();
}

bool is_about(const AuthorizationOperation& operation, std::uint16_t port) {
  return operation.ports.empty() ||
         std::ranges::find(operation.ports, port) != operation.ports.end();
}

// Whether the rule needs to know of messages to tell whether it matches on this port.
bool looks_at_messages(const AuthorizationRule& rule, std::uint16_t port) {
  const auto is_here = [port](const auto& operation) { return is_about(operation, port); };
  if (!rule.to.empty() && std::ranges::none_of(rule.to, is_here)) return false;
  if (!rule.headers.empty() || !rule.claims.empty()) return true;
  // One item without methods and paths would be enough.
  return !rule.to.empty() && std::ranges::all_of(rule.to, [&](const auto& operation) {
    return !is_here(operation) || looks_at_messages(operation);
  });
}

// Where warnings go.
class Notes final {
 public:
  explicit Notes(Violations& warnings) : warnings_(warnings) {}

  void add(const Position& position, std::string path, std::string what) const {
    warnings_.push_back({position, std::move(path), std::move(what), {}, {}});
  }

 private:
  Violations& warnings_;
};

// Those that it is for.
std::vector<const Service*> services_of(const AuthorizationPolicy& policy,
                                        const Resources& resources, const ResourceIndex& index) {
  std::vector<const Service*> services;
  for (const ObjectRef& ref : policy.target_refs) {
    const Service* service = index.service(policy.metadata.ns, ref.name);
    if (service != nullptr) services.push_back(service);
  }
  if (!policy.target_refs.empty()) return services;
  for (const Service& service : resources.services) {
    if (service.metadata.ns == policy.metadata.ns) services.push_back(&service);
  }
  return services;
}

// Of rules of authorization. Refers to all that it is given.
class RuleWarnings final {
 public:
  RuleWarnings(const Resources& resources, const ResourceIndex& index, Violations& warnings)
      : resources_(resources), index_(index), notes_(warnings) {}

  void check_messages(const AuthorizationPolicy& policy) const {
    for (const Service* service : services_of(policy, resources_, index_)) {
      for (const ServicePort& port : service->ports) {
        if (!carries_messages(protocol_of(port))) check_messages(policy, *service, port.port);
      }
    }
  }

  // An ALLOW that says what a DENY says, for the same targets.
  void check_contradictions(const std::vector<AuthorizationPolicy>& policies) const {
    std::map<std::string, const AuthorizationPolicy*> denied;  // By targets and rule.
    std::set<std::string> targets;
    for (const AuthorizationPolicy& policy : policies) {
      if (policy.action != Action::deny || policy.mode != AuthorizationPolicy::Mode::enforce)
        continue;
      targets.insert(targets_of(policy));
      for (const AuthorizationRule& rule : policy.rules) {
        denied.emplace(targets_of(policy) + conditions_of(rule), &policy);
      }
    }
    for (const AuthorizationPolicy& policy : policies) {
      if (policy.action != Action::allow || !targets.contains(targets_of(policy))) continue;
      for (std::size_t i = 0; i < policy.rules.size(); ++i) {
        const auto found = denied.find(targets_of(policy) + conditions_of(policy.rules[i]));
        if (found == denied.end()) continue;
        notes_.add(policy.rules[i].position, item("spec.rules", i),
                   "lets nothing through, as DENY " +
                       in_quotes(full_name(found->second->metadata)) + " says the same");
      }
    }
  }

 private:
  void check_messages(const AuthorizationPolicy& policy, const Service& service,
                      std::uint16_t port) const {
    for (std::size_t i = 0; i < policy.rules.size(); ++i) {
      if (!looks_at_messages(policy.rules[i], port)) continue;
      const bool denies = policy.action == Action::deny;
      notes_.add(
          policy.rules[i].position, item("spec.rules", i),
          "looks at methods, paths, headers or claims, which port " + std::to_string(port) +
              " of Service " + in_quotes(full_name(service.metadata)) + " does not show: it " +
              (denies ? "refuses all its connections" : "lets none of its connections through") +
              (policy.rules[i].from.empty() ? "" : " of these callers"));
    }
  }

  static std::string targets_of(const AuthorizationPolicy& policy) {
    std::set<std::string_view> targets;
    for (const ObjectRef& ref : policy.target_refs) targets.insert(ref.name);
    std::string text = policy.metadata.ns;
    for (const std::string_view target : targets) text.append(" ").append(target);
    return text + "\n";
  }

  static std::string conditions_of(AuthorizationRule rule) {
    rule.name.clear();
    return to_yaml(to_tree(rule));
  }

  const Resources& resources_;
  const ResourceIndex& index_;
  const Notes notes_;
};

// Of other things that stand in resources. Refers to all that it is given.
class Warnings final {
 public:
  Warnings(const Resources& resources, const ResourceIndex& index, Violations& warnings)
      : resources_(resources), index_(index), notes_(warnings) {}

  // Where two of one kind are equally specific one is not in force.
  template <typename Policy>
  void check_precedence(const std::vector<Policy>& policies) const {
    std::map<std::string, const Policy*> first;
    for (const Policy* policy : in_order(policies)) {
      for (std::size_t i = 0; i < policy->target_refs.size(); ++i) {
        const ObjectRef& ref = policy->target_refs[i];
        const std::string target =
            ref.kind + " " + in_quotes(full_name(namespace_of(ref, policy->metadata), ref.name)) +
            (ref.section_name.empty() ? "" : ", " + ref.section_name);
        complain_of_second(first, *policy, ref.position, item("spec.targetRefs", i), target);
      }
      if (!policy->target_refs.empty()) continue;
      complain_of_second(first, *policy, policy->position, "spec",
                         "namespace " + in_quotes(policy->metadata.ns));
    }
  }

  // A policy for a whole namespace that has no service.
  template <typename Policy>
  void check_namespace(const Policy& policy) const {
    const auto is_there = [&](const Service& service) {
      return service.metadata.ns == policy.metadata.ns;
    };
    if (!policy.target_refs.empty() || std::ranges::any_of(resources_.services, is_there)) return;
    notes_.add(policy.position, "metadata.namespace",
               "there is no Service in namespace " + in_quotes(policy.metadata.ns));
  }

  // Nobody should be surprised by what goes wrong on purpose.
  void tell_of(const FaultPolicy& policy) const {
    notes_.add(policy.position, "spec.faults",
               "makes requests fail on purpose, for " + to_text(policy.ttl) +
                   " from when a sidecar first sees it");
  }

  // A route of messages at a port of bytes finds none.
  template <typename Route>
  void check_parents(const Route& route) const {
    for (std::size_t i = 0; i < route.parent_refs.size(); ++i) {
      const ObjectRef& ref = route.parent_refs[i];
      const Service* service = ref.kind == "Service"
                                   ? index_.service(namespace_of(ref, route.metadata), ref.name)
                                   : nullptr;
      if (service == nullptr) continue;
      const auto is_met = [&ref](const ServicePort& port) {
        return (ref.port == 0 || ref.port == port.port) && carries_messages(protocol_of(port));
      };
      if (std::ranges::any_of(service->ports, is_met)) continue;
      notes_.add(
          ref.position, item("spec.parentRefs", i),
          "no port of the Service that this names carries messages, so nothing ever matches");
    }
  }

 private:
  template <typename Policy>
  void complain_of_second(std::map<std::string, const Policy*>& first, const Policy& policy,
                          const Position& position, const std::string& path,
                          const std::string& target) const {
    const auto [found, is_new] = first.emplace(target, &policy);
    if (is_new || found->second == &policy) return;
    notes_.add(position, path,
               "is not in force for " + target + ": " + std::string(kind_of<Policy>()) + " " +
                   in_quotes(full_name(found->second->metadata)) +
                   " is, being older or first by name");
  }

  const Resources& resources_;
  const ResourceIndex& index_;
  const Notes notes_;
};

// What is said of those who have no token.
class TokenWarnings final {
 public:
  TokenWarnings(const Resources& resources, const ResourceIndex& index, Violations& found)
      : resources_(resources), index_(index), notes_(found) {}

  // Checks by HTTP have no token, so they get 401.
  void check_health(const TrafficPolicy& policy) const {
    if (!policy.health_check || policy.health_check->type != HealthCheckConfig::Type::http) return;
    for (const ObjectRef& ref : policy.target_refs) {
      if (ref.kind != "Service") continue;
      const JWTPolicy* const asking = token_policy(namespace_of(ref, policy.metadata), ref.name);
      if (asking == nullptr || !asking->required) continue;
      notes_.add(ref.position, "spec.healthCheck",
                 "has no token, which JWTPolicy " + in_quotes(full_name(asking->metadata)) +
                     " requires of Service " + in_quotes(ref.name) +
                     ": all its endpoints look unhealthy; check by TCP");
    }
  }

  // Who has no token may have any claim, so a DENY by claim is for them, too.
  void check_claims(const AuthorizationPolicy& policy) const {
    if (policy.action != AuthorizationPolicy::Action::deny) return;
    const auto services = services_of(policy, resources_, index_);
    for (std::size_t i = 0; i < policy.rules.size(); ++i) {
      const AuthorizationRule& rule = policy.rules[i];
      if (rule.claims.empty()) continue;
      for (const Service* service : services) {
        const std::string& name = service->metadata.name;
        const JWTPolicy* const asking = token_policy(policy.metadata.ns, name);
        if (asking == nullptr || asking->required) continue;
        notes_.add(rule.position, item("spec.rules", i) + ".claims",
                   "refuses who has no token, too, and JWTPolicy " +
                       in_quotes(full_name(asking->metadata)) + " requires none of who asks " +
                       "Service " + in_quotes(name));
        break;
      }
    }
  }

 private:
  // Who asks those for a token who ask this Service; null: nobody.
  const JWTPolicy* token_policy(const std::string& ns, const std::string& service) const {
    for (const JWTPolicy* policy : in_order(resources_.jwt_policies)) {
      for (const ObjectRef& ref : policy->target_refs) {
        if (ref.kind != "Service" || ref.name != service) continue;
        if (namespace_of(ref, policy->metadata) == ns) return policy;
      }
    }
    return nullptr;
  }

  const Resources& resources_;
  const ResourceIndex& index_;
  const Notes notes_;
};

}  // namespace

Violations warnings_of(const Resources& resources) {
  Violations found;
  const ResourceIndex index(resources);
  const Warnings warnings(resources, index, found);
  warnings.check_precedence(resources.traffic_policies);
  warnings.check_precedence(resources.mesh_tls);
  warnings.check_precedence(resources.fault_policies);
  warnings.check_precedence(resources.jwt_policies);
  for (const FaultPolicy& policy : resources.fault_policies) warnings.tell_of(policy);
  for (const HTTPRoute& route : resources.http_routes) warnings.check_parents(route);
  for (const GRPCRoute& route : resources.grpc_routes) warnings.check_parents(route);
  for (const MeshTLS& policy : resources.mesh_tls) warnings.check_namespace(policy);

  const TokenWarnings tokens(resources, index, found);
  for (const TrafficPolicy& policy : resources.traffic_policies) tokens.check_health(policy);
  const RuleWarnings rules(resources, index, found);
  for (const AuthorizationPolicy& policy : resources.authorization_policies) {
    tokens.check_claims(policy);
    warnings.check_namespace(policy);
    rules.check_messages(policy);
  }
  rules.check_contradictions(resources.authorization_policies);
  return found;
}

}  // namespace skiff
