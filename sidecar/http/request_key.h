#pragma once

#include <cstdint>
#include <string_view>

#include "sidecar/http/message.h"

namespace skiff {

// Stable numbers for what a request says of its user; 0: it does not say it. Never 0 otherwise.
std::uint64_t text_key(std::string_view text);  // Empty text says nothing.
std::uint64_t header_key(const Request& request, std::string_view name);  // The first of that name.
std::uint64_t cookie_key(const Request& request, std::string_view name);

}  // namespace skiff
