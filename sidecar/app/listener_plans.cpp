#include "sidecar/app/listener_plans.h"

#include <fmt/format.h>

namespace skiff {
namespace {

using Plans = std::vector<ListenerPlan>;

// What a gateway listener is bound to: its own port, or that of its part of the Gateway.
std::uint16_t port_of(const GatewayListener& listener, const std::string& ns,
                      const std::vector<Gateway>& gateways) {
  if (listener.port != 0) return listener.port;
  for (const Gateway& gateway : gateways) {
    const bool same = listener.gateway == gateway.metadata.name + "." + gateway.metadata.ns ||
                      (listener.gateway == gateway.metadata.name && gateway.metadata.ns == ns);
    if (!same) continue;
    for (const GatewayPort& port : gateway.listeners) {
      if (listener.section_name.empty() || listener.section_name == port.name) return port.port;
    }
  }
  return 0;
}

std::optional<std::string> add(Plans& plans, ListenerPlan plan, const std::string& address,
                               std::uint16_t port, const std::string& what) {
  const bool is_v6 = address.find(':') != std::string::npos;
  const std::string text =
      is_v6 ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
  const auto parsed = parse_address(text);
  if (!parsed.has_value()) return fmt::format("{}: `{}` is not an IP address", what, address);
  plan.address = *parsed;
  plan.name = fmt::format("{} {}", what, text);
  plans.push_back(std::move(plan));
  return std::nullopt;
}

}  // namespace

Result<Plans, std::string> plan_listeners(const SidecarConfig& config,
                                          const std::vector<Gateway>& gateways) {
  Plans plans;
  std::optional<std::string> error;
  for (std::size_t i = 0; i < config.inbound.size() && !error; ++i) {
    const InboundListener& each = config.inbound[i];
    error = add(plans, {.kind = ListenerPlan::Kind::inbound, .index = i}, each.address, each.port,
                "inbound");
  }
  for (std::size_t i = 0; i < config.outbound.size() && !error; ++i) {
    const OutboundListener& each = config.outbound[i];
    error = add(plans, {.kind = ListenerPlan::Kind::outbound, .index = i}, each.address, each.port,
                "outbound");
  }
  for (std::size_t i = 0; i < config.gateway.size() && !error; ++i) {
    const GatewayListener& each = config.gateway[i];
    error = add(plans, {.kind = ListenerPlan::Kind::gateway, .index = i}, each.address,
                port_of(each, config.ns, gateways), "gateway");
  }
  if (error.has_value()) return *error;
  return plans;
}

}  // namespace skiff
