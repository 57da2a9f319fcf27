#include "config/schema/claim_checks.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "config/schema/item_path.h"

namespace skiff {
namespace {

// What JWTPolicies name, as `KIND/NAMESPACE/NAME/SECTION`.
class Verified final {
 public:
  Verified(const Resources& resources, const ResourceIndex& index) : index_(index) {
    for (const JWTPolicy& policy : resources.jwt_policies)
      for (const ObjectRef& ref : policy.target_refs)
        named_.insert(key_of(ref, namespace_of(ref, policy.metadata), ref.section_name));
  }

  // Whether tokens are verified wherever the limits of a policy that names this are asked.
  bool covers(const ObjectRef& ref, const Metadata& from) const {
    const std::string& ns = namespace_of(ref, from);
    if (names(ref, ns)) return true;
    if (ref.kind == "HTTPRoute") return covers_parents(index_.http_route(ns, ref.name));
    if (ref.kind == "GRPCRoute") return covers_parents(index_.grpc_route(ns, ref.name));
    return false;
  }

 private:
  static std::string key_of(const ObjectRef& ref, const std::string& ns,
                            const std::string& section) {
    return ref.kind + "/" + ns + "/" + ref.name + "/" + section;
  }

  bool names(const ObjectRef& ref, const std::string& ns) const {
    return named_.contains(key_of(ref, ns, "")) ||
           named_.contains(key_of(ref, ns, ref.section_name));
  }

  // A route that is not there is another's complaint.
  template <typename Route>
  bool covers_parents(const Route* route) const {
    if (route == nullptr) return true;
    return std::ranges::all_of(route->parent_refs, [&](const ObjectRef& parent) {
      return parent.kind == "Gateway" && names(parent, namespace_of(parent, route->metadata));
    });
  }

  const ResourceIndex& index_;
  std::set<std::string> named_;
};

void check_limits(const Resources& resources, const Verified& verified, Violations& violations) {
  for (const RateLimitPolicy& policy : resources.rate_limit_policies) {
    const auto open = std::ranges::find_if_not(policy.target_refs, [&](const ObjectRef& ref) {
      return verified.covers(ref, policy.metadata);
    });
    if (open == policy.target_refs.end()) continue;
    for (std::size_t i = 0; i < policy.limits.size(); ++i) {
      const auto& key = policy.limits[i].key;
      for (std::size_t j = 0; j < key.size(); ++j) {
        if (key[j].type != RateLimitKeyConfig::Type::jwt_claim) continue;
        violations.push_back({.position = key[j].position,
                              .path = item(item("spec.limits", i, "key"), j, "type"),
                              .what = "is JWTClaim, and no JWTPolicy verifies tokens for " +
                                      open->kind + " " + in_quotes(open->name),
                              .expected = "a JWTPolicy with the same targetRefs",
                              .suggestion = {}});
      }
    }
  }
}

// The services that a policy is for; without targetRefs all of its namespace.
std::vector<ObjectRef> services_of(const AuthorizationPolicy& policy, const Resources& resources) {
  if (!policy.target_refs.empty()) return policy.target_refs;
  std::vector<ObjectRef> all;
  for (const Service& service : resources.services) {
    if (service.metadata.ns != policy.metadata.ns) continue;
    ObjectRef& ref = all.emplace_back();
    ref.kind = "Service";
    ref.name = service.metadata.name;
  }
  return all;
}

void check_rules(const Resources& resources, const Verified& verified, Violations& violations) {
  for (const AuthorizationPolicy& policy : resources.authorization_policies) {
    const auto services = services_of(policy, resources);
    const auto open = std::ranges::find_if_not(
        services, [&](const ObjectRef& ref) { return verified.covers(ref, policy.metadata); });
    if (open == services.end()) continue;
    for (std::size_t i = 0; i < policy.rules.size(); ++i) {
      const auto& claims = policy.rules[i].claims;
      for (std::size_t j = 0; j < claims.size(); ++j) {
        violations.push_back({.position = claims[j].position,
                              .path = item(item("spec.rules", i, "claims"), j),
                              .what = "is a claim, and no JWTPolicy verifies tokens for Service " +
                                      in_quotes(open->name),
                              .expected = "a JWTPolicy for the same services",
                              .suggestion = {}});
      }
    }
  }
}

}  // namespace

void check_claims(const Resources& resources, const ResourceIndex& index, Violations& violations) {
  const Verified verified(resources, index);
  check_limits(resources, verified, violations);
  check_rules(resources, verified, violations);
}

}  // namespace skiff
