#include "sidecar/app/listener_plans.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

namespace skiff {
namespace {

using Plans = std::vector<ListenerPlan>;

// The part of a Gateway that a listener serves; null where there is none.
const GatewayPort* part_of(const GatewayListener& listener, const std::string& ns,
                           const std::vector<Gateway>& gateways) {
  for (const Gateway& gateway : gateways) {
    const bool same = listener.gateway == gateway.metadata.name + "." + gateway.metadata.ns ||
                      (listener.gateway == gateway.metadata.name && gateway.metadata.ns == ns);
    if (!same) continue;
    for (const GatewayPort& port : gateway.listeners) {
      if (listener.section_name.empty() || listener.section_name == port.name) return &port;
    }
  }
  return nullptr;
}

// Clients of a gateway's HTTP listener may speak HTTP/2 from the start.
ListenerPlan gateway_plan(std::size_t index, const GatewayPort* part) {
  ListenerPlan plan{.kind = ListenerPlan::Kind::gateway, .index = index};
  const auto protocol = part == nullptr ? GatewayPort::Protocol::http : part->protocol;
  plan.only_messages =
      protocol == GatewayPort::Protocol::http || protocol == GatewayPort::Protocol::https;
  plan.protocol = protocol == GatewayPort::Protocol::tcp   ? Protocol::tcp
                  : protocol == GatewayPort::Protocol::tls ? Protocol::tls
                                                           : Protocol::detect;
  return plan;
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

std::optional<std::string> add_unix(Plans& plans, ListenerPlan plan, const std::string& path,
                                    const std::string& what) {
  const auto parsed = parse_address("unix:" + path);
  if (!parsed.has_value()) return fmt::format("{}: `{}` is no path for a socket", what, path);
  plan.address = *parsed;
  plan.name = fmt::format("{} unix:{}", what, path);
  plans.push_back(std::move(plan));
  return std::nullopt;
}

bool has_ipv6() {
  const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const auto loopback = parse_address("[::1]:0");
  const bool can = ::bind(fd, loopback->get(), loopback->size) == 0;
  ::close(fd);
  return can;
}

// Where the kernel sends what it captures: what comes from others keeps the machine's address, what
// the application sends comes by loopback.
std::optional<std::string> add_captured(Plans& plans, const CaptureConfig& capture) {
  using Addresses = CaptureConfig::Addresses;
  std::optional<std::string> error;
  const auto both = [&](const char* any, const char* loopback) {
    ListenerPlan plan{.protocol = Protocol::detect, .captured = true};
    plan.kind = ListenerPlan::Kind::inbound;
    plan.implied.emplace();  // Names no application: each connection says it.
    error = add(plans, plan, any, capture.inbound_port, "captured inbound");
    plan.kind = ListenerPlan::Kind::outbound;
    plan.implied.reset();
    if (!error) error = add(plans, plan, loopback, capture.outbound_port, "captured outbound");
    for (ListenerPlan& each : plans) each.address.only_ipv6 |= each.captured;
  };
  if (capture.addresses != Addresses::ipv6) both("0.0.0.0", "127.0.0.1");
  const bool wants_ipv6 =
      capture.addresses == Addresses::ipv6 || (capture.addresses == Addresses::both && has_ipv6());
  if (!error && wants_ipv6) both("::", "::1");
  return error;
}

}  // namespace

Result<Plans, std::string> plan_listeners(const SidecarConfig& config,
                                          const std::vector<Gateway>& gateways) {
  Plans plans;
  std::optional<std::string> error;
  for (std::size_t i = 0; i < config.inbound.size() && !error; ++i) {
    const InboundListener& each = config.inbound[i];
    error = add(plans, {.kind = ListenerPlan::Kind::inbound, .index = i, .protocol = each.protocol},
                each.address, each.port, "inbound");
  }
  for (std::size_t i = 0; i < config.outbound.size() && !error; ++i) {
    const OutboundListener& each = config.outbound[i];
    const ListenerPlan plan{
        .kind = ListenerPlan::Kind::outbound, .index = i, .protocol = each.protocol};
    error = each.unix_socket.empty() ? add(plans, plan, each.address, each.port, "outbound")
                                     : add_unix(plans, plan, each.unix_socket, "outbound");
  }
  for (std::size_t i = 0; i < config.gateway.size() && !error; ++i) {
    const GatewayListener& each = config.gateway[i];
    const GatewayPort* const part = part_of(each, config.ns, gateways);
    const std::uint16_t port = each.port != 0 || part == nullptr ? each.port : part->port;
    error = add(plans, gateway_plan(i, part), each.address, port, "gateway");
  }
  if (!error && config.capture.has_value()) error = add_captured(plans, *config.capture);
  if (error.has_value()) return *error;
  return plans;
}

}  // namespace skiff
