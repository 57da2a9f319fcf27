#pragma once

#include <functional>
#include <ostream>
#include <string>

#include "cli/cli.h"

namespace CLI {
class App;
}

namespace skiff {

// What `skiff breaker` is asked for.
struct BreakerOrder {
  std::string admin = "127.0.0.1:15000";  // Of the sidecar that is asked.
  bool json = false;
  std::string target;  // Of set.
  std::string mode;
};

// Adds `skiff breaker` to `app`, which fills in `order`, and then gives `run` what is to be done.
using BreakerAction = ExitCode (*)(const BreakerOrder& order, std::ostream& out, std::ostream& err);
void describe_breaker(CLI::App& app, BreakerOrder& order,
                      const std::function<void(BreakerAction)>& run);

// `skiff breaker list`: the circuit breakers that are in force in one sidecar.
ExitCode list_breakers(const BreakerOrder& order, std::ostream& out, std::ostream& err);

// `skiff breaker set TARGET MODE`: sets one, and shows all.
ExitCode set_breaker(const BreakerOrder& order, std::ostream& out, std::ostream& err);

}  // namespace skiff
