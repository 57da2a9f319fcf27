#include "sidecar/capture/command.h"

#include <algorithm>
#include <cstdio>

namespace skiff {
namespace {

constexpr int most_jumps = 64;  // Of one kind, that several installations left.

int fail(const char* program, int status) {
  std::fprintf(stderr,
               status == 127 ? "skiff-sidecar: there is no program %s\n"
                             : "skiff-sidecar: %s refused the rules (status %d). Capturing needs "
                               "CAP_NET_ADMIN; explicit listeners do the same without it.\n",
               program, status);
  return 1;
}

int run_nft(const std::string& text, const ProgramRunner& run) {
  const int status = run({"nft", "-f", "-"}, text, false);
  return status == 0 ? 0 : fail("nft", status);
}

// The tools of one version of IP: those of the old tables where they are installed, which work with
// every kernel that has iptables at all.
class IpTables final {
 public:
  IpTables(IpVersion version, const ProgramRunner& run) : run_(run) {
    const std::string name = version == IpVersion::ipv4 ? "iptables" : "ip6tables";
    const bool has_legacy = run_({name + "-legacy", "--version"}, {}, true) == 0;
    const std::string family = has_legacy ? name + "-legacy" : name;
    command_ = family;
    restore_ = family + "-restore";
  }

  int run(std::string_view arguments) const {
    std::vector<std::string> words{command_, "-w"};
    while (!arguments.empty()) {
      const std::string_view word = arguments.substr(0, arguments.find(' '));
      words.emplace_back(word);
      arguments.remove_prefix(std::min(word.size() + 1, arguments.size()));
    }
    return run_(words, {}, true);
  }
  int put_back(const std::string& text) const {
    return run_({restore_, "-w", "--noflush"}, text, false);
  }

  const char* command() const { return command_.c_str(); }
  const char* restore() const { return restore_.c_str(); }

 private:
  const ProgramRunner& run_;
  std::string command_;
  std::string restore_;
};

// False: something of ours is still there.
bool remove(const IpTables& tables) {
  for (const std::string_view jump : iptables_remove_jumps()) {
    for (int i = 0; i < most_jumps && tables.run(jump) == 0; ++i) {
    }
  }
  for (const std::string_view command : iptables_remove_chains()) tables.run(command);
  return tables.run("-t nat -S SKIFF_INBOUND") != 0 && tables.run("-t nat -S SKIFF_OUTBOUND") != 0;
}

int run_iptables(const CaptureCommand& command, const ProgramRunner& run) {
  for (const IpVersion version : {IpVersion::ipv4, IpVersion::ipv6}) {
    const bool wanted =
        command.action == CaptureCommand::Action::install && captures(command.rules, version);
    const IpTables tables(version, run);
    const int listed = tables.run("-t nat -S");
    if (listed == 127 && !wanted) continue;  // What is not there has left nothing.
    if (listed != 0) return fail(tables.command(), listed);
    if (!remove(tables)) return fail(tables.command(), 1);
    if (!wanted) continue;
    const int status = tables.put_back(iptables_install(command.rules, version));
    if (status != 0) return fail(tables.restore(), status);
  }
  return 0;
}

int print(const CaptureCommand& command) {
  if (!command.iptables) {
    std::fputs(nft_install(command.rules).c_str(), stdout);
    return 0;
  }
  for (const IpVersion version : {IpVersion::ipv4, IpVersion::ipv6}) {
    if (!captures(command.rules, version)) continue;
    std::printf("# %s-restore --noflush\n", version == IpVersion::ipv4 ? "iptables" : "ip6tables");
    std::fputs(iptables_install(command.rules, version).c_str(), stdout);
  }
  return 0;
}

}  // namespace

int run_capture(const CaptureCommand& command, const ProgramRunner& run) {
  if (command.action == CaptureCommand::Action::print) return print(command);
  if (command.iptables) return run_iptables(command, run);
  const bool wanted = command.action == CaptureCommand::Action::install;
  return run_nft(wanted ? nft_install(command.rules) : nft_remove(), run);
}

}  // namespace skiff
