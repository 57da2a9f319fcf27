#include "sidecar/route/tls_choice.h"

#include "sidecar/route/names.h"

namespace skiff {

TlsChoice::TlsChoice(const std::vector<MeshTLS>& policies) {
  for (const MeshTLS* policy : in_order(policies)) {
    const std::string& ns = policy->metadata.ns;
    if (policy->target_refs.empty()) by_namespace_.emplace(ns, policy);
    for (const ObjectRef& ref : policy->target_refs)
      by_service_.emplace(qualified(ref.name, namespace_of(ref, ns)), policy);
  }
}

std::optional<TlsMode> TlsChoice::mode(const Metadata& service, const Metadata& base,
                                       std::uint16_t port) const {
  for (const Metadata* each : {&service, &base}) {
    const auto found = by_service_.find(qualified(*each));
    if (found != by_service_.end()) return found->second->mode_of(port);
  }
  const auto found = by_namespace_.find(service.ns);
  if (found == by_namespace_.end()) return std::nullopt;
  return found->second->mode_of(port);
}

}  // namespace skiff
