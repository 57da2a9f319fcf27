#include "base/rate.h"

#include <array>
#include <charconv>

namespace skiff {
namespace {

constexpr std::array<char, 3> units = {'s', 'm', 'h'};  // In the order of Rate::Per.
constexpr std::uint32_t most = 1'000'000;

}  // namespace

std::chrono::seconds Rate::period() const {
  switch (per) {
    case Per::second:
      return std::chrono::seconds(1);
    case Per::minute:
      return std::chrono::minutes(1);
    case Per::hour:
      break;
  }
  return std::chrono::hours(1);
}

std::optional<Rate> parse_rate(std::string_view text) {
  Rate rate;
  const char* const end = text.data() + text.size();
  const auto [after, failure] = std::from_chars(text.data(), end, rate.count);
  if (failure != std::errc{} || text[0] == '0' || rate.count > most) return {};
  if (end - after != 2 || *after != '/') return {};
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (after[1] != units[i]) continue;
    rate.per = static_cast<Rate::Per>(i);
    return rate;
  }
  return {};
}

std::string to_text(const Rate& rate) {
  return std::to_string(rate.count).append("/") + units[static_cast<std::size_t>(rate.per)];
}

}  // namespace skiff
