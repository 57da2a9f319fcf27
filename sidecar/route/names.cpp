#include "sidecar/route/names.h"

#include "base/lower_case.h"

namespace skiff {

std::string qualified(std::string_view name, std::string_view ns) {
  return std::string(name).append(".").append(ns);
}

bool covers(std::string_view hostname, std::string_view host) {
  if (hostname.empty() || hostname == "*" || hostname == host) return true;
  if (!is_wildcard(hostname)) return false;
  const std::string_view suffix = hostname.substr(1);
  if (is_wildcard(host))
    host.remove_prefix(1);
  else if (host.size() == suffix.size())
    return false;
  return host.ends_with(suffix);
}

bool overlap(std::string_view one, std::string_view other) {
  const std::string a = lower_case(one);
  const std::string b = lower_case(other);
  return covers(a, b) || covers(b, a);
}

}  // namespace skiff
