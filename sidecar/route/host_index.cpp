#include "sidecar/route/host_index.h"

#include <algorithm>

#include "base/lower_case.h"
#include "sidecar/route/names.h"

namespace skiff {

HostIndex::Value HostIndex::add(std::string_view host, Value value) {
  if (host.empty() || host == "*") {
    if (!any_.has_value()) any_ = value;
    return *any_;
  }
  if (!is_wildcard(host)) return exact_.emplace(lower_case(host), value).first->second;

  const std::string_view suffix = host.substr(1);
  shortest_ = std::min(shortest_, suffix.size());
  longest_ = std::max(longest_, suffix.size());
  return wildcards_.emplace(lower_case(suffix), value).first->second;
}

std::optional<HostIndex::Value> HostIndex::exact(std::string_view host) const {
  const auto at = exact_.find(host);
  return at == exact_.end() ? std::nullopt : std::optional(at->second);
}

}  // namespace skiff
