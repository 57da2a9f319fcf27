#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace skiff {

// `LIST[INDEX]` and `LIST[INDEX].FIELD`, as violations call what is in a list.
inline std::string item(std::string_view list, std::size_t index) {
  return std::string(list).append("[").append(std::to_string(index)).append("]");
}
inline std::string item(std::string_view list, std::size_t index, std::string_view field) {
  return item(list, index).append(".").append(field);
}

}  // namespace skiff
