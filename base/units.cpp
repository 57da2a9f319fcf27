#include "base/units.h"

#include <array>
#include <cmath>

#include "base/whole_number.h"

namespace skiff {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t size;
};

constexpr std::array<Unit, 4> time_units = {Unit{"h", 3'600'000}, Unit{"m", 60'000},
                                            Unit{"s", 1'000}, Unit{"ms", 1}};
constexpr std::array<Unit, 4> size_units = {Unit{"GiB", 1 << 30}, Unit{"MiB", 1 << 20},
                                            Unit{"KiB", 1 << 10}, Unit{"B", 1}};

constexpr std::size_t most_time_digits = 5;
constexpr std::uint64_t most_of_a_time_unit = 99'999;
constexpr std::uint64_t ratio_steps = 1'000'000;  // A ratio is kept to 0.0001%.

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'A' && c <= 'z'; }

// Cuts the longest prefix of characters of one sort off `text`.
template <typename Sort>
std::string_view cut(std::string_view& text, Sort is_of_sort) {
  std::size_t length = 0;
  while (length < text.size() && is_of_sort(text[length])) ++length;
  const std::string_view prefix = text.substr(0, length);
  text.remove_prefix(length);
  return prefix;
}

bool has_leading_zero(std::string_view digits) { return digits.size() > 1 && digits[0] == '0'; }

// `value` in `time_units[first]` and what is left in the smaller ones; nothing if it needs too many
// digits.
std::optional<std::string> written_from(std::size_t first, std::uint64_t value) {
  if (value / time_units[first].size > most_of_a_time_unit) return {};
  std::string text;
  for (std::size_t i = first; i < time_units.size(); ++i) {
    const std::uint64_t count = value / time_units[i].size;
    if (count == 0) continue;
    text.append(std::to_string(count)).append(time_units[i].name);
    value %= time_units[i].size;
  }
  return value == 0 ? std::optional(text) : std::nullopt;
}

}  // namespace

std::optional<Milliseconds> parse_duration(std::string_view text) {
  if (text.empty()) return {};
  std::uint64_t total = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    const std::string_view digits = cut(text, is_digit);
    const std::string_view name = cut(text, is_letter);
    const auto count = whole_number<std::uint64_t>(digits);
    while (next_unit < time_units.size() && time_units[next_unit].name != name) ++next_unit;
    if (!count || digits.size() > most_time_digits || next_unit == time_units.size()) return {};
    total += *count * time_units[next_unit++].size;
  }
  return Milliseconds(total);
}

std::optional<Bytes> parse_bytes(std::string_view text) {
  const std::string_view digits = cut(text, is_digit);
  const auto count = whole_number<std::uint64_t>(digits);
  if (!count || has_leading_zero(digits)) return {};
  for (const Unit& unit : size_units) {
    if (unit.name != text) continue;
    if (*count > UINT64_MAX / unit.size) return {};
    return Bytes{*count * unit.size};
  }
  return {};
}

std::optional<Ratio> parse_ratio(std::string_view text) {
  constexpr std::size_t most_decimals = 4;
  const std::string_view whole = cut(text, is_digit);
  std::string decimals;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    decimals = cut(text, is_digit);
    if (decimals.empty() || decimals.size() > most_decimals) return {};
  }
  if (whole.empty() || whole.size() > 3 || has_leading_zero(whole) || text != "%") return {};
  decimals.resize(most_decimals, '0');
  const std::uint64_t steps =
      *whole_number<std::uint64_t>(whole) * 10'000 + *whole_number<std::uint64_t>(decimals);
  if (steps > ratio_steps) return {};
  return Ratio{static_cast<double>(steps) / static_cast<double>(ratio_steps)};
}

std::string to_text(Milliseconds value) {
  if (value.count() <= 0) return "0s";
  std::optional<std::string> shortest;
  for (std::size_t first = 0; first < time_units.size(); ++first) {
    const auto text = written_from(first, static_cast<std::uint64_t>(value.count()));
    if (text && (!shortest || text->size() < shortest->size())) shortest = text;
  }
  return shortest.value_or("99999h59m59s999ms");
}

std::string to_text(Bytes value) {
  if (value.count == 0) return "0B";
  for (const Unit& unit : size_units) {
    if (value.count % unit.size == 0) {
      return std::to_string(value.count / unit.size).append(unit.name);
    }
  }
  return {};
}

std::string to_text(Ratio value) {
  const auto steps =
      static_cast<std::uint64_t>(std::llround(value.value * static_cast<double>(ratio_steps)));
  std::string text = std::to_string(steps / 10'000);
  std::string decimals = std::to_string(steps % 10'000 + 10'000).substr(1);
  decimals.erase(decimals.find_last_not_of('0') + 1);
  if (!decimals.empty()) text.append(".").append(decimals);
  return text.append("%");
}

}  // namespace skiff
