#include "sidecar/capture/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/policies.h"

// GCC 12 takes the capture of a SidecarConfig for read before it was written, where it is not
// there.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

namespace skiff {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string expected(const std::string& form) {
  return test::repository_file("tests/unit/sidecar/capture/expected." + form);
}

SidecarConfig busy_sidecar() {
  SidecarConfig sidecar;
  CaptureConfig& capture = sidecar.capture.emplace();
  capture.exclude_inbound_ports = {22, 22};
  capture.exclude_outbound_ports = {5432, 53};
  capture.exclude_outbound_addresses = {"10.0.0.0/8", "fd00::/8", "192.168.1.0/24"};
  capture.user = 1337;
  InboundListener inbound;
  inbound.port = 5102;
  sidecar.inbound = {inbound};
  return sidecar;
}

TEST(CaptureRules, ForNftables) {
  EXPECT_EQ(nft_install(capture_rules(busy_sidecar(), 0)), expected("nft"));
}

TEST(CaptureRules, ForIptables) {
  const CaptureRules rules = capture_rules(busy_sidecar(), 0);
  EXPECT_EQ(iptables_install(rules, IpVersion::ipv4), expected("iptables"));
  EXPECT_EQ(iptables_install(rules, IpVersion::ipv6), expected("ip6tables"));
}

TEST(CaptureRules, AreForOurselvesWhereNobodyIsNamed) {
  const CaptureRules rules = capture_rules(SidecarConfig{}, 997);
  EXPECT_EQ(rules.user, 997u);
  EXPECT_EQ(rules.inbound_port, 15'006);
  EXPECT_EQ(rules.outbound_port, 15'001);
  EXPECT_EQ(rules.exclude_inbound_ports, std::vector<std::uint16_t>{15'000}) << "the admin pages";
}

TEST(CaptureRules, SayNothingOfWhatIsNotExcluded) {
  SidecarConfig sidecar;
  sidecar.admin.port = 0;
  const std::string text = nft_install(capture_rules(sidecar, 1));
  EXPECT_THAT(text, Not(HasSubstr("dport")));
  EXPECT_THAT(text, Not(HasSubstr("daddr {")));
}

TEST(CaptureRules, MayBeForOneVersionOfIpOnly) {
  SidecarConfig sidecar;
  sidecar.capture.emplace().addresses = CaptureConfig::Addresses::ipv6;
  const CaptureRules rules = capture_rules(sidecar, 1);
  EXPECT_THAT(nft_install(rules), HasSubstr("meta nfproto != ipv6 accept"));
  EXPECT_FALSE(captures(rules, IpVersion::ipv4));
  EXPECT_TRUE(captures(rules, IpVersion::ipv6));
  sidecar.capture->addresses = CaptureConfig::Addresses::ipv4;
  EXPECT_TRUE(captures(capture_rules(sidecar, 1), IpVersion::ipv4));
  EXPECT_FALSE(captures(capture_rules(sidecar, 1), IpVersion::ipv6));
}

TEST(CaptureRules, AreTakenAwayAsTheyWerePut) {
  EXPECT_EQ(nft_remove(), "add table inet skiff\ndelete table inet skiff\n");
  const std::string text = iptables_install(capture_rules(SidecarConfig{}, 0), IpVersion::ipv4);
  for (const std::string_view each : iptables_remove_jumps()) {
    std::string jump(each);
    jump.replace(0, jump.find(" -D ") + 3, "-A");
    EXPECT_THAT(text, HasSubstr(jump + "\n"));
  }
}

}  // namespace
}  // namespace skiff
