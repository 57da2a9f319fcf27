#include "config/schema/scalars.h"

#include <array>
#include <charconv>

#include "base/suggest.h"
#include "config/schema/violation.h"

namespace skiff {
namespace {

using Kind = Type::Kind;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::uint64_t> decimal(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return {};
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end != text.data() + text.size()) return {};
  return failure == std::errc::result_out_of_range ? UINT64_MAX : number;
}

WrongScalar wrong(const Type& type, const YamlNode& node, std::string_view why) {
  return {in_quotes(node.text).append(" ").append(why), scalar_expectation(type), {}};
}

std::optional<WrongScalar> read_whole(const Type& type, const YamlNode& node, void* value) {
  if (node.kind == YamlNode::Kind::quoted) return wrong(type, node, "is quoted text");
  const bool is_negative = node.text.starts_with('-') && decimal(node.text.substr(1));
  const auto number = decimal(node.text);
  if (!number && !is_negative) return wrong(type, node, "is not a decimal integer");
  if (is_negative || *number < type.least || *number > type.most) {
    return wrong(type, node, "is out of range");
  }
  type.access.set(value, *number);
  return {};
}

std::optional<WrongScalar> read_boolean(const Type& type, const YamlNode& node, void* value) {
  if (node.kind == YamlNode::Kind::quoted) return wrong(type, node, "is quoted text");
  if (node.text != "true" && node.text != "false") return wrong(type, node, "is not a boolean");
  type.access.set(value, node.text == "true");
  return {};
}

// Durations and sizes: `number` is what they parse to.
std::optional<WrongScalar> take_measure(const Type& type, const YamlNode& node, void* value,
                                        std::optional<std::uint64_t> number) {
  if (!number) {
    const std::string_view noun = type.kind == Kind::duration ? "a duration" : "a size";
    if (decimal(node.text) && node.text != "0") return wrong(type, node, "has no unit");
    return wrong(type, node, std::string("is not ").append(noun));
  }
  if (*number < type.least || *number > type.most) return wrong(type, node, "is out of range");
  type.access.set(value, *number);
  return {};
}

std::optional<WrongScalar> read_duration(const Type& type, const YamlNode& node, void* value) {
  const auto parsed = parse_duration(node.text);
  return take_measure(
      type, node, value,
      parsed ? std::optional(static_cast<std::uint64_t>(parsed->count())) : std::nullopt);
}

std::optional<WrongScalar> read_bytes(const Type& type, const YamlNode& node, void* value) {
  const auto parsed = parse_bytes(node.text);
  return take_measure(type, node, value, parsed ? std::optional(parsed->count) : std::nullopt);
}

std::optional<WrongScalar> read_ratio(const Type& type, const YamlNode& node, void* value) {
  const auto parsed = parse_ratio(node.text);
  if (!parsed) return wrong(type, node, "is not a share");
  *static_cast<Ratio*>(value) = *parsed;
  return {};
}

std::optional<WrongScalar> read_rate(const Type& type, const YamlNode& node, void* value) {
  const auto parsed = parse_rate(node.text);
  if (!parsed) return wrong(type, node, "is not a rate");
  *static_cast<Rate*>(value) = *parsed;
  return {};
}

std::optional<WrongScalar> not_among(const Type& type, const YamlNode& node) {
  return WrongScalar{in_quotes(node.text) + " is not known", scalar_expectation(type),
                     std::string(nearest(node.text, type.choices))};
}

std::optional<WrongScalar> read_choice(const Type& type, const YamlNode& node, void* value) {
  const auto found = std::ranges::find(type.choices, node.text);
  if (found == type.choices.end()) return not_among(type, node);
  type.access.set(value, static_cast<std::uint64_t>(found - type.choices.begin()));
  return {};
}

std::optional<WrongScalar> read_text(const Type& type, const YamlNode& node, void* value) {
  if (!type.choices.empty() && std::ranges::find(type.choices, node.text) == type.choices.end()) {
    return not_among(type, node);
  }
  const std::string_view sort =
      node.kind == YamlNode::Kind::plain ? sort_of_plain(node.text) : std::string_view();
  if (!sort.empty() && type.choices.empty()) {
    return WrongScalar{in_quotes(node.text).append(" without quotes is ").append(sort),
                       "text: put it in quotes",
                       {}};
  }
  if (type.rule && !type.rule->holds(node.text)) {
    std::string why = "is not valid";
    if (type.rule->reason) why += ": " + type.rule->reason(node.text);
    return wrong(type, node, why);
  }
  if (type.kind == Kind::text) static_cast<std::string*>(value)->assign(node.text);
  return {};
}

bool is_number(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  if (text == ".inf" || text == ".Inf" || text == ".INF" || text == ".nan") return true;
  if (text.starts_with("0x") || text.starts_with("0o") || text.starts_with("0b")) {
    return text.size() > 2 && text.find_first_not_of("0123456789abcdefABCDEF_", 2) == text.npos;
  }
  bool has_digit = false;
  bool has_dot = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_exponent = (text[i] == 'e' || text[i] == 'E') && has_digit;
    if (is_exponent) {
      std::string_view exponent = text.substr(i + 1);
      if (exponent.starts_with('+') || exponent.starts_with('-')) exponent.remove_prefix(1);
      return !exponent.empty() && std::ranges::all_of(exponent, is_digit);
    }
    if (text[i] == '.' && !has_dot) {
      has_dot = true;
    } else if (is_digit(text[i])) {
      has_digit = true;
    } else if (text[i] != '_' || !has_digit) {
      return false;
    }
  }
  return has_digit;
}

std::string range_text(const Type& type, std::string (*show)(std::uint64_t)) {
  const bool is_bounded = type.most != UINT64_MAX;
  if (is_bounded) return ", " + show(type.least) + " to " + show(type.most);
  return type.least > 0 ? ", at least " + show(type.least) : "";
}

std::string show_duration(std::uint64_t value) { return to_text(Milliseconds(value)); }
std::string show_bytes(std::uint64_t value) { return to_text(Bytes{value}); }
std::string show_number(std::uint64_t value) { return std::to_string(value); }

}  // namespace

std::optional<WrongScalar> read_scalar(const Type& type, const YamlNode& node, void* value) {
  switch (type.kind) {
    case Kind::integer:
      return read_whole(type, node, value);
    case Kind::boolean:
      return read_boolean(type, node, value);
    case Kind::duration:
      return read_duration(type, node, value);
    case Kind::bytes:
      return read_bytes(type, node, value);
    case Kind::ratio:
      return read_ratio(type, node, value);
    case Kind::rate:
      return read_rate(type, node, value);
    case Kind::choice:
      return read_choice(type, node, value);
    default:
      return read_text(type, node, value);
  }
}

std::string scalar_expectation(const Type& type) {
  switch (type.kind) {
    case Kind::integer:
      return "an integer" + range_text(type, show_number);
    case Kind::boolean:
      return "true or false";
    case Kind::duration:
      return "a duration such as 250ms or 1m30s" + range_text(type, show_duration);
    case Kind::bytes:
      return "a size such as 64KiB or 1MiB" + range_text(type, show_bytes);
    case Kind::ratio:
      return "a share such as 50% or 0.5%, 0% to 100%";
    case Kind::rate:
      return "a rate such as 10/s, 600/m or 5/h, with a number from 1 to 1000000";
    default:
      if (!type.choices.empty()) return one_of(type.choices);
      return type.rule ? std::string(type.rule->expected) : "text";
  }
}

std::string_view sort_of_plain(std::string_view text) {
  static constexpr std::array<std::string_view, 22> booleans = {
      "true", "True", "TRUE", "false", "False", "FALSE", "yes", "Yes", "YES", "no", "No",
      "NO",   "on",   "On",   "ON",    "off",   "Off",   "OFF", "y",   "Y",   "n",  "N"};
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return "no value";
  }
  if (text.size() <= 5 && std::ranges::find(booleans, text) != booleans.end()) return "a boolean";
  return is_number(text) ? "a number" : std::string_view();
}

std::string one_of(std::span<const std::string_view> names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i].empty() ? "\"\"" : names[i];
  }
  return text;
}

std::string scalar_text(const Type& type, const void* value) {
  switch (type.kind) {
    case Kind::integer:
      return std::to_string(type.access.get(value));
    case Kind::boolean:
      return type.access.get(value) ? "true" : "false";
    case Kind::duration:
      return show_duration(type.access.get(value));
    case Kind::bytes:
      return show_bytes(type.access.get(value));
    case Kind::ratio:
      return to_text(*static_cast<const Ratio*>(value));
    case Kind::rate:
      return to_text(*static_cast<const Rate*>(value));
    case Kind::choice:
      return std::string(type.choices[type.access.get(value)]);
    case Kind::constant:
      return std::string(type.choices.front());
    default:
      return *static_cast<const std::string*>(value);
  }
}

}  // namespace skiff
