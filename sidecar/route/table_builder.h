#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text_map.h"
#include "sidecar/route/host_index.h"
#include "sidecar/route/path_index.h"
#include "sidecar/route/route_table.h"
#include "sidecar/route/stream_index.h"

namespace skiff {

// The rules of one port.
struct PortRules {
  std::uint16_t port = 0;
  PathIndex paths{};
  StreamIndex streams{};
};

// Makes a RouteTable out of groups of hosts. All hosts of a group share their rules, which may
// differ from port to port.
class TableBuilder final {
 public:
  using Group = HostIndex::Value;

  // Numbers from 0.
  Group add_group();

  // Gives `host` (a wildcard, or empty: any) to `group`, unless it has one already.
  void add_host(std::string_view host, Group group);
  // Makes `group` known by an address of IPv4 or IPv6; several groups may have one, for different
  // ports.
  void add_address(std::string_view address, Group group);
  // The group of `host`, made on first use.
  Group group_of(std::string_view host);

  // The rules of one port, made on first use. Port 0 is for requests to any port; for requests
  // that name none, a group's first port counts.
  PortRules& rules(Group group, std::uint16_t port);

  // Makes the table know no other hosts than those that `hostname` stands for: a listener's.
  void limit_hosts(std::string_view hostname);

  // Leaves the builder empty.
  std::unique_ptr<RouteTable> build();

 private:
  using Ports = std::vector<std::unique_ptr<PortRules>>;
  class Table;

  HostIndex hosts_;
  TextMap<std::vector<Group>> addresses_;  // As inet_ntop() writes them.
  std::string limit_;
  std::vector<Ports> groups_;
};

}  // namespace skiff
