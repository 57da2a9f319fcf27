#include "base/strict_json.h"

namespace skiff {

JsonPtr read_json_object(std::string_view text, std::string* reason) {
  json_error_t error{};
  JsonPtr value(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, &error));
  if (value != nullptr && json_is_object(value.get())) return value;
  if (reason != nullptr) *reason = value != nullptr ? "is no JSON object" : error.text;
  return nullptr;
}

std::string_view text_member(const json_t* object, const char* name) {
  return text_of(json_object_get(object, name));
}

std::string_view text_of(const json_t* value) {
  if (!json_is_string(value)) return {};
  return {json_string_value(value), json_string_length(value)};
}

}  // namespace skiff
