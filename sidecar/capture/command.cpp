#include "sidecar/capture/command.h"

#include <algorithm>
#include <cstdio>

#include "sidecar/capture/run_program.h"

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

int run_nft(const std::string& text) {
  const int status = run_program({"nft", "-f", "-"}, text, false);
  return status == 0 ? 0 : fail("nft", status);
}

// The tools of one version of IP: those of the old tables where they are installed, which work with
// every kernel that has iptables at all.
struct IpTables {
  explicit IpTables(IpVersion version) {
    const std::string name = version == IpVersion::ipv4 ? "iptables" : "ip6tables";
    const bool has_legacy = run_program({name + "-legacy", "--version"}, {}, true) == 0;
    const std::string family = has_legacy ? name + "-legacy" : name;
    command = family;
    restore = family + "-restore";
  }

  int run(std::string_view arguments) const {
    std::vector<std::string> words{command, "-w"};
    while (!arguments.empty()) {
      const std::string_view word = arguments.substr(0, arguments.find(' '));
      words.emplace_back(word);
      arguments.remove_prefix(std::min(word.size() + 1, arguments.size()));
    }
    return run_program(words, {}, true);
  }

  std::string command;
  std::string restore;
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

int run_iptables(const CaptureCommand& command) {
  for (const IpVersion version : {IpVersion::ipv4, IpVersion::ipv6}) {
    const bool wanted =
        command.action == CaptureCommand::Action::install && captures(command.rules, version);
    const IpTables tables(version);
    const int listed = tables.run("-t nat -S");
    if (listed == 127 && !wanted) continue;  // What is not there has left nothing.
    if (listed != 0) return fail(tables.command.c_str(), listed);
    if (!remove(tables)) return fail(tables.command.c_str(), 1);
    if (!wanted) continue;
    const int status = run_program({tables.restore, "-w", "--noflush"},
                                   iptables_install(command.rules, version), false);
    if (status != 0) return fail(tables.restore.c_str(), status);
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

int run_capture(const CaptureCommand& command) {
  if (command.action == CaptureCommand::Action::print) return print(command);
  if (command.iptables) return run_iptables(command);
  const bool wanted = command.action == CaptureCommand::Action::install;
  return run_nft(wanted ? nft_install(command.rules) : nft_remove());
}

}  // namespace skiff
