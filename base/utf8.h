#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace skiff {

// The offset of the first byte that does not belong to well-formed UTF-8, if any.
// Source: Unicode 15, table 3-7 (no overlong forms, no surrogates, nothing above U+10FFFF).
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

}  // namespace skiff
