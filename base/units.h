#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skiff {

// A size in bytes. Written `64KiB`, `1MiB`, `512B`.
struct Bytes {
  std::uint64_t count = 0;
  auto operator<=>(const Bytes&) const = default;
};

// A share of a whole, 0 to 1. Written `50%`, `0.5%`.
struct Ratio {
  double value = 0;
  auto operator<=>(const Ratio&) const = default;
};

using Milliseconds = std::chrono::milliseconds;

// The value that `text` says, or nothing where it has no unit, another unit, a sign, a space or too
// many digits. Durations as in Gateway API's GEP-2257: `1h2m3s4ms`, each unit at most once and in
// this order, at most 5 digits each, no fractions.
std::optional<Milliseconds> parse_duration(std::string_view text);
std::optional<Bytes> parse_bytes(std::string_view text);
std::optional<Ratio> parse_ratio(std::string_view text);

// The shortest text that parses to the same value.
std::string to_text(Milliseconds value);
std::string to_text(Bytes value);
std::string to_text(Ratio value);

}  // namespace skiff
