#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skiff {

// How often something may happen. Written `10/s`, `600/m`, `5/h`; kept as it was written, so that
// `600/m` is not `10/s`.
struct Rate {
  enum class Per : std::uint8_t { second, minute, hour };
  std::uint32_t count = 1;
  Per per = Per::second;

  std::chrono::seconds period() const;  // 1s, 1m or 1h.

  auto operator<=>(const Rate&) const = default;
};

// The rate that `text` says, or nothing where it has no unit, another unit, a sign, a space, or a
// number that is 0 or above 1,000,000.
std::optional<Rate> parse_rate(std::string_view text);

// The text that parses to the same rate.
std::string to_text(const Rate& rate);

}  // namespace skiff
