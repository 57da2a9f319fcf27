#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/schema/common.h"

namespace skiff {

std::string lower_case(std::string_view text);  // ASCII.

// `NAME.NAMESPACE`, which no other resource of the kind has: names have no dots.
std::string qualified(std::string_view name, std::string_view ns);
inline std::string qualified(const Metadata& of) { return qualified(of.name, of.ns); }

// The namespace that `ref` means when a resource of namespace `home` refers.
inline const std::string& namespace_of(const ObjectRef& ref, const std::string& home) {
  return ref.ns.empty() ? home : ref.ns;
}

// Gateway API's order of equals: the older first (one without a time is the youngest), then by
// `NAMESPACE/NAME`.
bool comes_before(const Metadata& a, const Metadata& b);

inline bool is_wildcard(std::string_view hostname) { return hostname.starts_with("*."); }

// The hosts that both a listener's and a route's hostname stand for, which is the more specific of
// the two, or nothing where they have none in common. Empty: any host.
std::optional<std::string> common_hostname(std::string_view a, std::string_view b);

}  // namespace skiff
