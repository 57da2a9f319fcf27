#include "sidecar/capture/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace skiff {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::StartsWith;
using Action = CaptureCommand::Action;

// Programs as a test plays them, and what they were told.
class FakePrograms {
 public:
  ProgramRunner runner() {
    return [this](const std::vector<std::string>& command, std::string_view input, bool) {
      return run(command, input);
    };
  }

  std::set<std::string> missing;
  std::map<std::string, int> statuses;   // By the whole command; else 0.
  std::map<std::string, int> successes;  // By the whole command: how often before it fails.
  std::vector<std::string> commands;     // In their order.
  std::map<std::string, std::string> inputs;

 private:
  int run(const std::vector<std::string>& words, std::string_view input) {
    std::string command;
    for (const std::string& word : words) command.append(command.empty() ? "" : " ").append(word);
    commands.push_back(command);
    inputs[command] = input;
    if (missing.contains(words.front())) return 127;
    const auto left = successes.find(command);
    if (left != successes.end()) return left->second-- > 0 ? 0 : 1;
    const auto status = statuses.find(command);
    return status == statuses.end() ? 0 : status->second;
  }
};

class CaptureCommandTest : public testing::Test {
 protected:
  CaptureCommandTest() {
    rules_.inbound_port = 15'006;
    rules_.outbound_port = 15'001;
    rules_.user = 1337;
    // Nothing of ours is there.
    for (const std::string tool :
         {"iptables", "ip6tables", "iptables-legacy", "ip6tables-legacy"}) {
      for (const std::string_view jump : iptables_remove_jumps()) {
        programs_.statuses[with(tool, jump)] = 1;
      }
      for (const char* chain : {"SKIFF_INBOUND", "SKIFF_OUTBOUND"}) {
        programs_.statuses[with(tool, "-t nat -S ") + chain] = 1;
      }
    }
  }

  static std::string with(const std::string& tool, std::string_view arguments) {
    return std::string(tool).append(" -w ").append(arguments);
  }

  int run(Action action, bool iptables) {
    return run_capture({action, iptables, rules_}, programs_.runner());
  }

  CaptureRules rules_;
  FakePrograms programs_;
};

TEST_F(CaptureCommandTest, TellsNftablesAllAtOnce) {
  EXPECT_EQ(run(Action::install, false), 0);
  EXPECT_THAT(programs_.commands, ElementsAre("nft -f -"));
  EXPECT_EQ(programs_.inputs["nft -f -"], nft_install(rules_));
  EXPECT_EQ(run(Action::remove, false), 0);
  EXPECT_EQ(programs_.inputs["nft -f -"], nft_remove());
}

TEST_F(CaptureCommandTest, FailsWhereNftablesDoOrAreMissing) {
  programs_.statuses["nft -f -"] = 1;
  testing::internal::CaptureStderr();
  EXPECT_EQ(run(Action::install, false), 1);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("CAP_NET_ADMIN"));
  programs_.missing = {"nft"};
  testing::internal::CaptureStderr();
  EXPECT_EQ(run(Action::install, false), 1);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "skiff-sidecar: there is no program nft\n");
}

TEST_F(CaptureCommandTest, TellsBothVersionsOfIptables) {
  EXPECT_EQ(run(Action::install, true), 0);
  EXPECT_EQ(programs_.inputs["iptables-legacy-restore -w --noflush"],
            iptables_install(rules_, IpVersion::ipv4));
  EXPECT_EQ(programs_.inputs["ip6tables-legacy-restore -w --noflush"],
            iptables_install(rules_, IpVersion::ipv6));
}

TEST_F(CaptureCommandTest, TakesTheOtherIptablesWhereTheOldTablesAreMissing) {
  programs_.missing = {"iptables-legacy", "ip6tables-legacy"};
  EXPECT_EQ(run(Action::install, true), 0);
  EXPECT_THAT(programs_.commands, Contains("iptables-restore -w --noflush"));
  EXPECT_THAT(programs_.commands, Contains("ip6tables-restore -w --noflush"));
}

TEST_F(CaptureCommandTest, TakesAwayWhatSeveralInstallationsLeftBeforeItInstalls) {
  const std::string jump = with("iptables-legacy", iptables_remove_jumps().front());
  programs_.successes[jump] = 3;
  EXPECT_EQ(run(Action::install, true), 0);
  EXPECT_EQ(std::count(programs_.commands.begin(), programs_.commands.end(), jump), 4);
  const auto at = [this](const std::string& command) {
    return std::find(programs_.commands.begin(), programs_.commands.end(), command);
  };
  EXPECT_LT(at(jump), at("iptables-legacy-restore -w --noflush"));
}

TEST_F(CaptureCommandTest, GivesUpTakingAwayWhatComesBackForEver) {
  const std::string jump = with("iptables-legacy", iptables_remove_jumps().front());
  programs_.statuses[jump] = 0;
  EXPECT_EQ(run(Action::remove, true), 0);
  EXPECT_EQ(std::count(programs_.commands.begin(), programs_.commands.end(), jump), 64);
}

TEST_F(CaptureCommandTest, InstallsNothingOverWhatDoesNotGo) {
  programs_.statuses[with("iptables-legacy", "-t nat -S SKIFF_OUTBOUND")] = 0;
  testing::internal::CaptureStderr();
  EXPECT_EQ(run(Action::install, true), 1);
  EXPECT_NE(testing::internal::GetCapturedStderr(), "");
  EXPECT_THAT(programs_.commands, Not(Contains(StartsWith("iptables-legacy-restore"))));
}

TEST_F(CaptureCommandTest, OfAVersionThatIsNotWantedNothingIsNeeded) {
  rules_.addresses = CaptureConfig::Addresses::ipv4;
  programs_.missing = {"ip6tables", "ip6tables-legacy"};
  EXPECT_EQ(run(Action::install, true), 0);
  EXPECT_THAT(programs_.commands, Not(Contains(StartsWith("ip6tables-restore"))));
  EXPECT_EQ(run(Action::remove, true), 0);
  rules_.addresses = CaptureConfig::Addresses::both;
  testing::internal::CaptureStderr();
  EXPECT_EQ(run(Action::install, true), 1);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "skiff-sidecar: there is no program ip6tables\n");
}

TEST_F(CaptureCommandTest, RemovingInstallsNothing) {
  EXPECT_EQ(run(Action::remove, true), 0);
  for (const std::string& command : programs_.commands) {
    EXPECT_EQ(command.find("restore"), std::string::npos) << command;
  }
}

TEST_F(CaptureCommandTest, PrintingRunsNothing) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(run(Action::print, false), 0);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), nft_install(rules_));
  testing::internal::CaptureStdout();
  EXPECT_EQ(run(Action::print, true), 0);
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "# iptables-restore --noflush\n" + iptables_install(rules_, IpVersion::ipv4) +
                "# ip6tables-restore --noflush\n" + iptables_install(rules_, IpVersion::ipv6));
  EXPECT_TRUE(programs_.commands.empty());
}

}  // namespace
}  // namespace skiff
