#include "sidecar/route/limit_list.h"

#include <algorithm>

#include "sidecar/route/names.h"

namespace skiff {
namespace {

// Of the whole; of a part, its name follows.
std::string key_of(std::string_view kind, std::string_view ns, std::string_view name) {
  std::string key(kind);
  for (const std::string_view word : {ns, name}) key.append("/").append(word);
  return key.append("/");
}

}  // namespace

LimitList::LimitList(const std::vector<RateLimitPolicy>& policies, RoutePlan& plan) : plan_(plan) {
  for (const RateLimitPolicy* policy : in_order(policies)) {
    for (const ObjectRef& ref : policy->target_refs) {
      const std::string& ns = namespace_of(ref, policy->metadata.ns);
      auto& named = by_target_[key_of(ref.kind, ns, ref.name) + ref.section_name];
      if (named.empty() || named.back() != policy) named.push_back(policy);
    }
  }
}

LimitList::Chosen LimitList::for_service(std::string_view ns, std::string_view name) {
  return choose(key_of("Service", ns, name), {});
}

LimitList::Chosen LimitList::for_rule(std::string_view kind, const Metadata& route,
                                      std::string_view rule_name) {
  return choose(key_of(kind, route.ns, route.name), rule_name);
}

LimitList::Chosen LimitList::for_listener(const Metadata& gateway, std::string_view listener) {
  return choose(key_of("Gateway", gateway.ns, gateway.name), listener);
}

LimitList::Chosen LimitList::choose(const std::string& whole, std::string_view section) {
  if (by_target_.empty()) return {};
  std::vector<const RateLimitPolicy*> named;
  const auto add = [&](const std::string& key) {
    const auto found = by_target_.find(key);
    if (found == by_target_.end()) return;
    for (const RateLimitPolicy* policy : found->second)
      if (std::ranges::find(named, policy) == named.end()) named.push_back(policy);
  };
  add(whole);
  if (!section.empty()) add(whole + std::string(section));
  std::ranges::stable_sort(named, [](const RateLimitPolicy* a, const RateLimitPolicy* b) {
    return comes_before(a->metadata, b->metadata);
  });

  Chosen chosen;
  for (const RateLimitPolicy* policy : named)
    for (std::size_t i = 0; i < policy->limits.size(); ++i) chosen.push_back(index_of(*policy, i));
  std::ranges::stable_partition(chosen, [this](std::uint32_t index) {
    return plan_.limits[index].limit.scope != RateLimitConfig::Scope::redis;
  });
  return chosen;
}

std::uint32_t LimitList::index_of(const RateLimitPolicy& policy, std::size_t limit) {
  RateLimitSpec spec;
  spec.policy = policy.metadata.ns + "/" + policy.metadata.name;
  spec.limit = policy.limits[limit];
  const auto [at, is_new] = indexes_.emplace(spec.policy + "/" + spec.limit.name,
                                             static_cast<std::uint32_t>(plan_.limits.size()));
  if (is_new) plan_.limits.push_back(std::move(spec));
  return at->second;
}

}  // namespace skiff
