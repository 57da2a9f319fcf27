#include "config/schema/spiffe_id.h"

namespace skiff {

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
  return std::string("spiffe://").append(trust_domain).append(identity);
}

}  // namespace skiff
