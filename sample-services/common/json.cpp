#include "sample-services/common/json.h"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

namespace skiff::shop {

namespace {

void append(const json::value& value, std::string& out);

void append(double number, std::string& out) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append(const json::object& object, std::string& out) {
  out += '{';
  for (const auto& [key, value] : object) {
    if (out.back() != '{') out += ',';
    out += json::serialize(json::string(key));
    out += ':';
    append(value, out);
  }
  out += '}';
}

void append(const json::array& array, std::string& out) {
  out += '[';
  for (const auto& value : array) {
    if (out.back() != '[') out += ',';
    append(value, out);
  }
  out += ']';
}

void append(const json::value& value, std::string& out) {
  if (const auto* number = value.if_double()) return append(*number, out);
  if (const auto* object = value.if_object()) return append(*object, out);
  if (const auto* array = value.if_array()) return append(*array, out);
  out += json::serialize(value);
}

}  // namespace

Result<json::object, std::string> parse_object(std::string_view text) {
  json::error_code error;
  json::value value = json::parse(text, error);
  if (error) return "body is not JSON: " + error.message();
  if (!value.is_object()) return std::string("body is not a JSON object");
  return std::move(value.get_object());
}

std::string to_text(const json::value& value) {
  std::string out;
  append(value, out);
  return out;
}

json::object error_body(std::string_view message) { return {{"error", message}}; }

}  // namespace skiff::shop
