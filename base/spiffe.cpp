#include "base/spiffe.h"

#include <algorithm>

namespace skiff {
namespace {

constexpr std::string_view scheme = "spiffe://";

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_mark(char c) { return c == '.' || c == '-' || c == '_'; }
bool is_domain_char(char c) { return is_lower_or_digit(c) || is_mark(c); }
bool is_path_char(char c) { return is_domain_char(c) || (c >= 'A' && c <= 'Z'); }

bool is_segment(std::string_view text) {
  return !text.empty() && text != "." && text != ".." && std::ranges::all_of(text, is_path_char);
}

bool is_path(std::string_view path) {
  if (path.empty()) return false;
  while (!path.empty()) {
    path.remove_prefix(1);  // The `/`.
    const std::size_t end = std::min(path.find('/'), path.size());
    if (!is_segment(path.substr(0, end))) return false;
    path.remove_prefix(end);
  }
  return true;
}

}  // namespace

bool is_trust_domain(std::string_view text) {
  return !text.empty() && text.size() <= most_trust_domain_bytes &&
         std::ranges::all_of(text, is_domain_char);
}

std::optional<SpiffeId> parse_spiffe_id(std::string_view text) {
  if (text.size() > most_spiffe_bytes || !text.starts_with(scheme)) return std::nullopt;
  text.remove_prefix(scheme.size());
  const std::size_t end = std::min(text.find('/'), text.size());
  const SpiffeId id{text.substr(0, end), text.substr(end)};
  if (!is_trust_domain(id.trust_domain) || !is_path(id.path)) return std::nullopt;
  return id;
}

}  // namespace skiff
