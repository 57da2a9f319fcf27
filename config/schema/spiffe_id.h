#pragma once

#include <string>
#include <string_view>

#include "base/spiffe.h"

namespace skiff {

// NAMESPACE of a path `/ns/NAMESPACE/sa/NAME`, else empty.
std::string_view namespace_of_path(std::string_view path);

// `/ns/NAMESPACE/sa/NAME`.
std::string workload_path(std::string_view ns, std::string_view service_account);

// `identity` where it is a SPIFFE ID, or where it is a path, that path in `trust_domain`.
std::string full_identity(std::string_view identity, std::string_view trust_domain);

}  // namespace skiff
