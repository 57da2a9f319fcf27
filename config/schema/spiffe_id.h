#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skiff {

// The parts of a SPIFFE ID of a workload; views of the text.
struct SpiffeId {
  std::string_view trust_domain;
  std::string_view path;  // With its first slash; never empty.
};

// Nothing where `text` is not one, byte for byte: `spiffe://`, a trust domain of at most 255 lower-
// case letters, digits, `.`, `-` and `_`, and a path of segments of letters, digits, `.`, `-` and
// `_`, none of them empty, `.` or `..`; at most 2048 bytes. No root path, as a workload's has one.
// Source: SPIFFE-ID 2, X509-SVID 3.
std::optional<SpiffeId> parse_spiffe_id(std::string_view text);

bool is_trust_domain(std::string_view text);

// NAMESPACE of a path `/ns/NAMESPACE/sa/NAME`, else empty.
std::string_view namespace_of_path(std::string_view path);

// `/ns/NAMESPACE/sa/NAME`.
std::string workload_path(std::string_view ns, std::string_view service_account);

// `identity` where it is a SPIFFE ID, or where it is a path, that path in `trust_domain`.
std::string full_identity(std::string_view identity, std::string_view trust_domain);

}  // namespace skiff
