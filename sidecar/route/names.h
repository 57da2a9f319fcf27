#pragma once

#include <string>
#include <string_view>

#include "config/schema/common.h"

namespace skiff {

// `NAME.NAMESPACE`, which no other resource of the kind has: names have no dots.
std::string qualified(std::string_view name, std::string_view ns);
inline std::string qualified(const Metadata& of) { return qualified(of.name, of.ns); }

// The namespace that `ref` means when a resource of namespace `home` refers.
inline const std::string& namespace_of(const ObjectRef& ref, const std::string& home) {
  return ref.ns.empty() ? home : ref.ns;
}

inline bool is_wildcard(std::string_view hostname) { return hostname.starts_with("*."); }

// Whether `host`, which may itself be a wildcard, is all among those that `hostname` stands for: an
// exact name, a wildcard, or empty for any. Both in lower case.
bool covers(std::string_view hostname, std::string_view host);

// Whether some host is meant by both.
bool overlap(std::string_view one, std::string_view other);

}  // namespace skiff
