#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace skiff {

// The decimal number that the whole text is, without a sign. Nothing: it is none, or does not fit.
template <std::unsigned_integral Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [after, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc() || after != end) return std::nullopt;
  return number;
}

}  // namespace skiff
