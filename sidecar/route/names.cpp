#include "sidecar/route/names.h"

#include <tuple>

namespace skiff {
namespace {

// Whether each host that `inner` stands for is one that `wildcard` stands for.
bool covers(std::string_view wildcard, std::string_view inner) {
  const std::string_view suffix = wildcard.substr(1);
  if (is_wildcard(inner)) return inner.substr(1).ends_with(suffix);
  return inner.size() > suffix.size() && inner.ends_with(suffix);
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::string qualified(std::string_view name, std::string_view ns) {
  return std::string(name).append(".").append(ns);
}

bool comes_before(const Metadata& a, const Metadata& b) {
  const auto key = [](const Metadata& m) {
    return std::tuple(m.creation_timestamp.empty(), std::string_view(m.creation_timestamp),
                      std::string_view(m.ns), std::string_view(m.name));
  };
  return key(a) < key(b);
}

std::optional<std::string> common_hostname(std::string_view a, std::string_view b) {
  std::string left = lower_case(a == "*" ? "" : a);
  std::string right = lower_case(b == "*" ? "" : b);
  if (left.empty() || left == right) return right;
  if (right.empty()) return left;
  if (is_wildcard(left) && covers(left, right)) return right;
  if (is_wildcard(right) && covers(right, left)) return left;
  return std::nullopt;
}

}  // namespace skiff
