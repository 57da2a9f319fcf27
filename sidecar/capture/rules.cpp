#include "sidecar/capture/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace skiff {
namespace {

using Ports = std::vector<std::uint16_t>;

void sort(Ports& ports) {
  std::sort(ports.begin(), ports.end());
  ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
}

// Where the sidecar listens by its own configuration.
Ports own_ports(const SidecarConfig& sidecar) {
  Ports ports{sidecar.admin.port};
  for (const InboundListener& each : sidecar.inbound) ports.push_back(each.port);
  for (const GatewayListener& each : sidecar.gateway) ports.push_back(each.port);
  std::erase(ports, 0);
  return ports;
}

template <typename Items>
std::string nft_set(const Items& items) {
  return fmt::format("{{ {} }}", fmt::join(items, ", "));
}

// One line of a chain, where there is something to say.
template <typename Items>
void accept(std::string& chain, std::string_view what, const Items& items) {
  if (!items.empty()) chain += fmt::format("    {} {} accept\n", what, nft_set(items));
}

std::string_view nft_family(CaptureConfig::Addresses addresses) {
  switch (addresses) {
    case CaptureConfig::Addresses::ipv4:
      return "    meta nfproto != ipv4 accept\n";
    case CaptureConfig::Addresses::ipv6:
      return "    meta nfproto != ipv6 accept\n";
    case CaptureConfig::Addresses::both:
      break;
  }
  return "";
}

constexpr std::string_view remove_table = "add table inet skiff\ndelete table inet skiff\n";

}  // namespace

CaptureRules capture_rules(const SidecarConfig& sidecar, std::uint32_t user) {
  const CaptureConfig capture = sidecar.capture.value_or(CaptureConfig{});
  CaptureRules rules{.addresses = capture.addresses,
                     .inbound_port = capture.inbound_port,
                     .outbound_port = capture.outbound_port,
                     .user = capture.user.value_or(user),
                     .exclude_inbound_ports = capture.exclude_inbound_ports,
                     .exclude_outbound_ports = capture.exclude_outbound_ports,
                     .exclude_ipv4 = {},
                     .exclude_ipv6 = {}};
  const Ports own = own_ports(sidecar);
  rules.exclude_inbound_ports.insert(rules.exclude_inbound_ports.end(), own.begin(), own.end());
  sort(rules.exclude_inbound_ports);
  sort(rules.exclude_outbound_ports);
  for (const std::string& address : capture.exclude_outbound_addresses) {
    const bool is_ipv6 = address.find(':') != std::string::npos;
    (is_ipv6 ? rules.exclude_ipv6 : rules.exclude_ipv4).push_back(address);
  }
  return rules;
}

std::string nft_install(const CaptureRules& rules) {
  const std::string_view family = nft_family(rules.addresses);
  std::string text(remove_table);
  text +=
      "table inet skiff {\n"
      "  chain inbound {\n"
      "    type nat hook prerouting priority -100; policy accept;\n";
  text += family;
  text +=
      "    iifname \"lo\" accept\n"
      "    fib daddr type != local accept\n";
  accept(text, "tcp dport", rules.exclude_inbound_ports);
  text += fmt::format("    meta l4proto tcp redirect to :{}\n", rules.inbound_port);
  text +=
      "  }\n"
      "  chain outbound {\n"
      "    type nat hook output priority -100; policy accept;\n";
  text += family;
  text += fmt::format("    meta skuid {} accept\n", rules.user);
  text += "    oifname \"lo\" accept\n";
  accept(text, "tcp dport", rules.exclude_outbound_ports);
  accept(text, "ip daddr", rules.exclude_ipv4);
  accept(text, "ip6 daddr", rules.exclude_ipv6);
  text += fmt::format("    meta l4proto tcp redirect to :{}\n", rules.outbound_port);
  text += "  }\n}\n";
  return text;
}

std::string nft_remove() { return std::string(remove_table); }

bool captures(const CaptureRules& rules, IpVersion version) {
  return rules.addresses == CaptureConfig::Addresses::both ||
         (rules.addresses == CaptureConfig::Addresses::ipv4) == (version == IpVersion::ipv4);
}

std::string iptables_install(const CaptureRules& rules, IpVersion version) {
  std::string text =
      "*nat\n"
      ":SKIFF_INBOUND - [0:0]\n"
      ":SKIFF_OUTBOUND - [0:0]\n"
      "-A SKIFF_INBOUND -i lo -j RETURN\n";
  for (const std::uint16_t port : rules.exclude_inbound_ports)
    text += fmt::format("-A SKIFF_INBOUND -p tcp --dport {} -j RETURN\n", port);
  text += fmt::format("-A SKIFF_INBOUND -p tcp -j REDIRECT --to-ports {}\n", rules.inbound_port);
  text += fmt::format("-A SKIFF_OUTBOUND -m owner --uid-owner {} -j RETURN\n", rules.user);
  text += "-A SKIFF_OUTBOUND -o lo -j RETURN\n";
  for (const std::uint16_t port : rules.exclude_outbound_ports)
    text += fmt::format("-A SKIFF_OUTBOUND -p tcp --dport {} -j RETURN\n", port);
  for (const std::string& address :
       version == IpVersion::ipv4 ? rules.exclude_ipv4 : rules.exclude_ipv6)
    text += fmt::format("-A SKIFF_OUTBOUND -d {} -j RETURN\n", address);
  text += fmt::format("-A SKIFF_OUTBOUND -p tcp -j REDIRECT --to-ports {}\n", rules.outbound_port);
  text +=
      "-A PREROUTING -p tcp -m addrtype --dst-type LOCAL -j SKIFF_INBOUND\n"
      "-A OUTPUT -p tcp -j SKIFF_OUTBOUND\n"
      "COMMIT\n";
  return text;
}

std::span<const std::string_view> iptables_remove_jumps() {
  static constexpr std::array<std::string_view, 2> jumps{
      "-t nat -D PREROUTING -p tcp -m addrtype --dst-type LOCAL -j SKIFF_INBOUND",
      "-t nat -D OUTPUT -p tcp -j SKIFF_OUTBOUND"};
  return jumps;
}

std::span<const std::string_view> iptables_remove_chains() {
  static constexpr std::array<std::string_view, 4> chains{
      "-t nat -F SKIFF_INBOUND", "-t nat -X SKIFF_INBOUND", "-t nat -F SKIFF_OUTBOUND",
      "-t nat -X SKIFF_OUTBOUND"};
  return chains;
}

}  // namespace skiff
