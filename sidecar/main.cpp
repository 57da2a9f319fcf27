#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

#include "config/schema/yaml_reader.h"
#include "sidecar/app/sidecar.h"

int main(int argc, char** argv) {
  CLI::App app{"The sidecar of the Skiff service mesh: carries one workload's traffic."};
  std::string file;
  app.add_option("--config", file, "The sidecar's own file (kind: Sidecar)")->required();
  app.set_version_flag("--version", SKIFF_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
  const auto read = skiff::read_sidecar(file);
  if (!read) {
    for (const auto& violation : read.error()) {
      std::fprintf(stderr, "%s\n", skiff::to_text(violation).c_str());
    }
    return 65;
  }
  skiff::SidecarConfig config = *read;
  if (!config.policies.empty()) {  // Relative to the file, wherever it was started.
    config.policies = std::filesystem::absolute(file).parent_path() / config.policies;
  }
  return skiff::run_sidecar(config);
}
