#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema/sidecar.h"

namespace skiff {

// What the kernel is to be told, so that the TCP of one network namespace comes by way of the
// sidecar: what comes from others goes to `inbound_port`, what leaves goes to `outbound_port`. Let
// alone are loopback, the sidecar's own user, and the ports and addresses named here.
struct CaptureRules {
  CaptureConfig::Addresses addresses = CaptureConfig::Addresses::both;
  std::uint16_t inbound_port = 0;
  std::uint16_t outbound_port = 0;
  std::uint32_t user = 0;
  std::vector<std::uint16_t> exclude_inbound_ports;
  std::vector<std::uint16_t> exclude_outbound_ports;
  std::vector<std::string> exclude_ipv4;  // `10.0.0.0/8`
  std::vector<std::string> exclude_ipv6;
};

// `user`: where the configuration names none. The ports on which `sidecar` itself listens are
// reached without capture, but for the two above.
CaptureRules capture_rules(const SidecarConfig& sidecar, std::uint32_t user);

// For `nft -f -`: one table of our own, put in place of the one before, in one transaction.
std::string nft_install(const CaptureRules& rules);
std::string nft_remove();  // Leaves nothing, and may find nothing.

// For `iptables-restore --noflush`, or the same of ip6tables: two chains of our own in the table
// nat, and the jumps to them. Needs those of before to be removed.
enum class IpVersion : std::uint8_t { ipv4, ipv6 };
std::string iptables_install(const CaptureRules& rules, IpVersion version);
bool captures(const CaptureRules& rules, IpVersion version);

// Arguments of iptables, one blank between two: what takes a jump away, each until it fails; then
// what takes the chains away.
std::span<const std::string_view> iptables_remove_jumps();
std::span<const std::string_view> iptables_remove_chains();

}  // namespace skiff
