#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace skiff {

// `spiffe://TRUST_DOMAIN/PATH`: who a workload is. Views into the text that was parsed.
// Source: SPIFFE-ID, section 2.
struct SpiffeId {
  std::string_view trust_domain;
  std::string_view path;  // With its first `/`; never empty, as it is a workload's.
};

constexpr std::size_t most_spiffe_bytes = 2048;
constexpr std::size_t most_trust_domain_bytes = 255;

// Nothing where it is no SPIFFE id in its one canonical form: scheme and trust domain in lower
// case, no port, user, query, fragment or escape, a path, no empty or dotted segment in it, no
// slash at its end.
std::optional<SpiffeId> parse_spiffe_id(std::string_view text);
bool is_trust_domain(std::string_view text);

}  // namespace skiff
