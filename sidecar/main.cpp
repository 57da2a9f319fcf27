#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "config/schema/text_rules.h"
#include "config/schema/yaml_reader.h"
#include "sidecar/app/sidecar.h"
#include "sidecar/capture/command.h"

namespace {

using skiff::CaptureCommand;
using skiff::SidecarConfig;

constexpr int wrong_usage = 64;
constexpr int wrong_file = 65;

std::optional<SidecarConfig> read_config(const std::string& file) {
  const auto read = skiff::read_sidecar(file);
  if (read) return *read;
  for (const auto& violation : read.error()) {
    std::fprintf(stderr, "%s\n", skiff::to_text(violation).c_str());
  }
  return std::nullopt;
}

// `skiff-sidecar capture ACTION`: what the file says, and over it what the options say.
class CaptureOptions final {
 public:
  explicit CaptureOptions(CLI::App& app)
      : command_(*app.add_subcommand(
            "capture", "Lets the kernel send this network namespace's TCP by way of the sidecar")) {
    const std::map<std::string, CaptureCommand::Action> actions{
        {"install", CaptureCommand::Action::install},
        {"remove", CaptureCommand::Action::remove},
        {"print", CaptureCommand::Action::print}};
    command_.add_option("action", action_, "install, remove or print")
        ->required()
        ->transform(CLI::CheckedTransformer(actions));
    command_.add_option("--config", file_, "The sidecar's own file, whose `capture` counts");
    command_.add_flag("--iptables", iptables_, "By iptables instead of nftables");
    command_.add_option("--user", user_, "The uid whose traffic is left alone (default: our own)");
    command_.add_option("--inbound-port", inbound_port_, "Where traffic from others is taken");
    command_.add_option("--outbound-port", outbound_port_, "Where the application's is taken");
    command_.add_option("--exclude-inbound-port", inbound_ports_, "Reached without the sidecar");
    command_.add_option("--exclude-outbound-port", outbound_ports_, "Reached without the sidecar");
    command_.add_option("--exclude-outbound-address", addresses_, "The same, such as 10.0.0.0/8")
        ->check([](const std::string& text) {
          return skiff::text_rules::cidr.holds(text) ? std::string{}
                                                     : text + " is no address with its bits";
        });
  }

  bool given() const { return command_.parsed(); }

  int run() const {
    SidecarConfig config;
    if (!file_.empty()) {
      auto read = read_config(file_);
      if (!read.has_value()) return wrong_file;
      config = std::move(*read);
    }
    skiff::CaptureConfig capture = config.capture.value_or(skiff::CaptureConfig{});
    if (user_.has_value()) capture.user = user_;
    capture.inbound_port = inbound_port_.value_or(capture.inbound_port);
    capture.outbound_port = outbound_port_.value_or(capture.outbound_port);
    append(capture.exclude_inbound_ports, inbound_ports_);
    append(capture.exclude_outbound_ports, outbound_ports_);
    append(capture.exclude_outbound_addresses, addresses_);
    config.capture = std::move(capture);
    return skiff::run_capture({.action = action_,
                               .iptables = iptables_,
                               .rules = skiff::capture_rules(config, ::geteuid())});
  }

 private:
  template <typename Items>
  static void append(Items& to, const Items& more) {
    to.insert(to.end(), more.begin(), more.end());
  }

  CLI::App& command_;
  CaptureCommand::Action action_ = CaptureCommand::Action::print;
  std::string file_;
  bool iptables_ = false;
  std::optional<std::uint32_t> user_;
  std::optional<std::uint16_t> inbound_port_;
  std::optional<std::uint16_t> outbound_port_;
  std::vector<std::uint16_t> inbound_ports_;
  std::vector<std::uint16_t> outbound_ports_;
  std::vector<std::string> addresses_;
};

// What the file names is relative to it, wherever the sidecar was started.
void find_files(const std::string& file, skiff::SidecarConfig& config) {
  const auto folder = std::filesystem::absolute(file).parent_path();
  const auto find = [&folder](std::string& path) { path = folder / path; };
  if (!config.policies.empty()) find(config.policies);
  if (!config.identity.has_value()) return;
  find(config.identity->certificate);
  find(config.identity->key);
  find(config.identity->bundle);
  for (skiff::FederatedBundle& other : config.identity->federated) find(other.bundle);
}

// The sidecar's own file, or the exit status where the arguments ask for something else.
skiff::Result<std::string, int> file_of(int argc, char** argv) {
  CLI::App app{"The sidecar of the Skiff service mesh: carries one workload's traffic."};
  std::string file;
  app.add_option("--config", file, "The sidecar's own file (kind: Sidecar)");
  app.set_version_flag("--version", SKIFF_VERSION);
  const CaptureOptions capture(app);
  try {
    app.parse(argc, argv);
    if (capture.given()) return capture.run();
    if (file.empty()) throw CLI::RequiredError("--config");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : wrong_usage;
  }
  return file;
}

}  // namespace

int main(int argc, char** argv) {
  const auto file = file_of(argc, argv);
  if (!file) return file.error();
  auto config = read_config(*file);
  if (!config.has_value()) return wrong_file;
  find_files(*file, *config);
  return skiff::run_sidecar(*config);
}
