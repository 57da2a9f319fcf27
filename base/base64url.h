#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skiff {

// What `text` encodes by the alphabet that is safe in URLs, without padding (RFC 4648, 5). Nothing:
// it is not that, or other texts would mean the same (bits that are left over are not 0).
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace skiff
