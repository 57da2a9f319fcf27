#pragma once

#include <string_view>

namespace skiff {

// Whether `text` is a host with or without a port: a name of letters, digits, `-`, `_` and `.`, an
// IPv4 address, or an IPv6 address in brackets; at most 255 bytes; the port 1 to 65535 without
// leading zeros.
bool is_authority(std::string_view text);
// The same, and it has a port.
bool is_authority_with_port(std::string_view text);

}  // namespace skiff
