#include "sidecar/codec/request_rules.h"

#include <algorithm>

namespace skiff {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

// The name of a known method in other letters: some backends would take it for that method.
bool is_known_in_other_case(std::string_view name) {
  char upper[8];
  if (name.size() >= sizeof upper || std::all_of(name.begin(), name.end(), is_upper)) return false;
  std::transform(name.begin(), name.end(), upper,
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; });
  return method_id({upper, name.size()}) != Method::other;
}

}  // namespace

ErrorKind judge_method(std::string_view name, Method method) {
  if (method == Method::trace) return ErrorKind::bad_request_trace;
  if (method != Method::other) return ErrorKind::none;
  const bool refused = name == "PRI" || is_known_in_other_case(name);
  return refused ? ErrorKind::bad_request_method : ErrorKind::none;
}

bool is_misleading(const Field& field) {
  return field.id == FieldId::other && field.name().find('_') != std::string_view::npos &&
         is_protected(field.name());
}

void make_lower(std::string_view text) {
  char* const at = const_cast<char*>(text.data());
  for (std::size_t i = 0; i < text.size(); ++i)
    if (is_upper(at[i])) at[i] = static_cast<char>(at[i] | 0x20);
}

}  // namespace skiff
