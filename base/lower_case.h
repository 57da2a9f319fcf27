#pragma once

#include <string>
#include <string_view>

namespace skiff {

// `text` with the letters of ASCII in lower case; other bytes stay as they are.
std::string lower_case(std::string_view text);

}  // namespace skiff
