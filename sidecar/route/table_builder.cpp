#include "sidecar/route/table_builder.h"

#include <algorithm>
#include <optional>

#include "base/lower_case.h"
#include "config/schema/text_rules.h"
#include "sidecar/route/names.h"

namespace skiff {

class TableBuilder::Table final : public RouteTable {
 public:
  Table(HostIndex hosts, TextMap<std::vector<Group>> addresses, std::string limit,
        std::vector<Ports> groups)
      : hosts_(std::move(hosts)),
        addresses_(std::move(addresses)),
        limit_(std::move(limit)),
        groups_(std::move(groups)) {}

  Found find(std::string_view host, std::uint16_t port, const Request& request) const override {
    Found found;
    if (!covers(limit_, host)) return found;
    hosts_.visit(host, [&](Group group) {
      found = find_in(group, port, request);
      return found.rule != nullptr;
    });
    return found;
  }

  Found find_for_service(std::string_view service, std::uint16_t port,
                         const Request& request) const override {
    const std::optional<Group> group = hosts_.exact(service);
    return group.has_value() ? find_in(*group, port, request) : Found{};
  }

  Found find_by_address(std::string_view address, std::uint16_t port,
                        const Request& request) const override {
    const auto at = addresses_.find(address);
    if (at == addresses_.end()) return {};
    for (const Group group : at->second) {
      const auto is_it = [port](const auto& rules) { return rules->port == port; };
      if (std::ranges::any_of(groups_[group], is_it)) return find_in(group, port, request);
    }
    return {};
  }

 private:
  Found find_in(Group group, std::uint16_t port, const Request& request) const {
    for (const auto& rules : groups_[group]) {
      if (rules->port != port && rules->port != 0 && port != 0) continue;
      if (request.version == Version::bytes) return {rules->streams.find(request), {}, true};
      const Candidate* found = rules->paths.find(request);
      if (found == nullptr) break;
      const bool is_regex = found->match->path_type() == PathMatch::Type::regular_expression;
      return {found->rule, is_regex ? std::string_view{} : found->match->path(), true};
    }
    return {nullptr, {}, true};
  }

  HostIndex hosts_;
  TextMap<std::vector<Group>> addresses_;
  std::string limit_;  // A hostname that covers all hosts.
  std::vector<Ports> groups_;
};

TableBuilder::Group TableBuilder::add_group() {
  groups_.emplace_back();
  return static_cast<Group>(groups_.size() - 1);
}

void TableBuilder::add_host(std::string_view host, Group group) { hosts_.add(host, group); }

void TableBuilder::add_address(std::string_view address, Group group) {
  addresses_[canonical_address(address)].push_back(group);
}

TableBuilder::Group TableBuilder::group_of(std::string_view host) {
  const auto next = static_cast<Group>(groups_.size());
  const Group group = hosts_.add(host, next);
  if (group == next) groups_.emplace_back();
  return group;
}

PortRules& TableBuilder::rules(Group group, std::uint16_t port) {
  for (const auto& rules : groups_[group])
    if (rules->port == port) return *rules;
  PortRules& added = *groups_[group].emplace_back(std::make_unique<PortRules>());
  added.port = port;
  return added;
}

void TableBuilder::limit_hosts(std::string_view hostname) { limit_ = lower_case(hostname); }

std::unique_ptr<RouteTable> TableBuilder::build() {
  return std::make_unique<Table>(std::exchange(hosts_, {}), std::exchange(addresses_, {}),
                                 std::exchange(limit_, {}), std::exchange(groups_, {}));
}

}  // namespace skiff
