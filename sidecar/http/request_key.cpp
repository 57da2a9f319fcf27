#include "sidecar/http/request_key.h"

#include <algorithm>

#include "base/hash.h"

namespace skiff {
namespace {

// The value of cookie `name` in one Cookie field, or empty.
std::string_view cookie_value(std::string_view field, std::string_view name) {
  while (!field.empty()) {
    std::string_view pair = field.substr(0, field.find(';'));
    field.remove_prefix(std::min(field.size(), pair.size() + 1));
    pair.remove_prefix(std::min(pair.find_first_not_of(" \t"), pair.size()));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
  }
  return {};
}

}  // namespace

std::uint64_t text_key(std::string_view text) {
  return text.empty() ? 0 : std::max<std::uint64_t>(stable_hash(text), 1);
}

std::uint64_t header_key(const Request& request, std::string_view name) {
  const Field* field = request.headers.find(name);
  return field == nullptr ? 0 : text_key(field->value());
}

std::uint64_t cookie_key(const Request& request, std::string_view name) {
  for (const Field& field : request.headers) {
    if (field.id != FieldId::cookie) continue;
    if (const std::uint64_t key = text_key(cookie_value(field.value(), name)); key != 0) return key;
  }
  return 0;
}

}  // namespace skiff
