#include "config/schema/spiffe_id.h"

#include <algorithm>

namespace skiff {
namespace {

constexpr std::string_view scheme = "spiffe://";
constexpr std::size_t most_of_id = 2'048;
constexpr std::size_t most_of_trust_domain = 255;

bool is_domain_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool is_path_character(char c) { return is_domain_character(c) || (c >= 'A' && c <= 'Z'); }

bool is_path(std::string_view text) {
  if (!text.starts_with('/')) return false;
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::string_view segment = text.substr(0, text.find('/'));
    if (segment.empty() || segment == "." || segment == "..") return false;
    if (!std::ranges::all_of(segment, is_path_character)) return false;
    text.remove_prefix(segment.size());
  }
  return true;
}

}  // namespace

bool is_trust_domain(std::string_view text) {
  return !text.empty() && text.size() <= most_of_trust_domain &&
         std::ranges::all_of(text, is_domain_character);
}

std::optional<SpiffeId> parse_spiffe_id(std::string_view text) {
  if (text.size() > most_of_id || !text.starts_with(scheme)) return std::nullopt;
  text.remove_prefix(scheme.size());
  const std::size_t slash = std::min(text.find('/'), text.size());
  const SpiffeId id{text.substr(0, slash), text.substr(slash)};
  if (!is_trust_domain(id.trust_domain) || !is_path(id.path)) return std::nullopt;
  return id;
}

std::string_view namespace_of_path(std::string_view path) {
  constexpr std::string_view before = "/ns/";
  constexpr std::string_view after = "/sa/";
  if (!path.starts_with(before)) return {};
  path.remove_prefix(before.size());
  const std::size_t end = path.find('/');
  if (end == path.npos || !path.substr(end).starts_with(after)) return {};
  const std::string_view name = path.substr(end + after.size());
  return name.empty() || name.find('/') != name.npos ? std::string_view() : path.substr(0, end);
}

std::string workload_path(std::string_view ns, std::string_view service_account) {
  return std::string("/ns/").append(ns).append("/sa/").append(service_account);
}

std::string full_identity(std::string_view identity, std::string_view trust_domain) {
  if (!identity.starts_with('/')) return std::string(identity);
  return std::string(scheme).append(trust_domain).append(identity);
}

}  // namespace skiff
