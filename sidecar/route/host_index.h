#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "base/text_map.h"

namespace skiff {

// Finds by host name: the exact one, then wildcards from the longest, then the one for any host.
// A wildcard `*.example.com` stands for one label or more before `.example.com`.
class HostIndex final {
 public:
  using Value = std::uint32_t;

  // `host` may be a wildcard; empty: any. The first to come keeps a name: returns what is kept.
  Value add(std::string_view host, Value value);

  // Of exactly that name; no wildcards.
  std::optional<Value> exact(std::string_view host) const;

  // Calls `visit(value)` from the most specific to the least until it returns true.
  template <typename Visit>
  void visit(std::string_view host, Visit&& visit) const {
    if (const auto at = exact_.find(host); at != exact_.end() && visit(at->second)) return;
    if (!wildcards_.empty() && visit_wildcards(host, visit)) return;
    if (any_.has_value()) visit(*any_);
  }

 private:
  template <typename Visit>
  bool visit_wildcards(std::string_view host, Visit& visit) const {
    for (std::size_t dot = host.find('.'); dot != std::string_view::npos;
         dot = host.find('.', dot + 1)) {
      const std::string_view suffix = host.substr(dot);
      if (suffix.size() < shortest_) return false;
      if (suffix.size() > longest_ || dot == 0) continue;
      if (const auto at = wildcards_.find(suffix); at != wildcards_.end() && visit(at->second))
        return true;
    }
    return false;
  }

  TextMap<Value> exact_;
  TextMap<Value> wildcards_;  // By what follows the star: `.example.com`.
  std::size_t shortest_ = std::numeric_limits<std::size_t>::max();  // Of wildcards_' keys.
  std::size_t longest_ = 0;
  std::optional<Value> any_;
};

}  // namespace skiff
