#include "sidecar/route/policy_choice.h"

#include "sidecar/route/names.h"

namespace skiff {
namespace {

std::string key_of(std::string_view kind, std::string_view ns, std::string_view name,
                   std::string_view part) {
  std::string key(kind);
  for (const std::string_view word : {ns, name, part}) key.append("/").append(word);
  return key;
}

std::string port_part(std::uint16_t port) { return ":" + std::to_string(port); }

}  // namespace

template <typename Policy>
ChoiceOf<Policy>::ChoiceOf(const std::vector<Policy>& policies) {
  for (const Policy* policy : in_order(policies)) {
    for (const ObjectRef& ref : policy->target_refs) {
      const std::string part = ref.port != 0 ? port_part(ref.port) : ref.section_name;
      const std::string& ns = namespace_of(ref, policy->metadata.ns);
      by_key_.emplace(key_of(ref.kind, ns, ref.name, part), policy);
    }
  }
}

template <typename Policy>
const Policy* ChoiceOf<Policy>::for_port(const Metadata& service, const ServicePort& port) const {
  const auto part = [&](std::string_view text) {
    return find(key_of("Service", service.ns, service.name, text));
  };
  const Policy* by_name = port.name.empty() ? nullptr : part(port.name);
  const Policy* by_number = part(port_part(port.port));
  if (by_name != nullptr && by_number != nullptr)
    return comes_before(by_number->metadata, by_name->metadata) ? by_number : by_name;
  if (by_name != nullptr) return by_name;
  return by_number != nullptr ? by_number : part("");
}

template <typename Policy>
const Policy* ChoiceOf<Policy>::for_service(std::string_view ns, std::string_view name) const {
  return find(key_of("Service", ns, name, ""));
}

template <typename Policy>
const Policy* ChoiceOf<Policy>::for_rule(std::string_view kind, const Metadata& route,
                                         std::string_view rule_name) const {
  const auto part = [&](std::string_view text) {
    return find(key_of(kind, route.ns, route.name, text));
  };
  const Policy* of_rule = rule_name.empty() ? nullptr : part(rule_name);
  return of_rule != nullptr ? of_rule : part("");
}

template <typename Policy>
const Policy* ChoiceOf<Policy>::for_listener(const Metadata& gateway,
                                             const GatewayPort& listener) const {
  const auto part = [&](std::string_view text) {
    return find(key_of("Gateway", gateway.ns, gateway.name, text));
  };
  const Policy* of_listener = listener.name.empty() ? nullptr : part(listener.name);
  return of_listener != nullptr ? of_listener : part("");
}

template <typename Policy>
const Policy* ChoiceOf<Policy>::find(const std::string& key) const {
  const auto at = by_key_.find(key);
  return at == by_key_.end() ? nullptr : at->second;
}

template class ChoiceOf<TrafficPolicy>;
template class ChoiceOf<FaultPolicy>;
template class ChoiceOf<JWTPolicy>;

}  // namespace skiff
