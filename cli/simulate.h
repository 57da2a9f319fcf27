#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"
#include "cli/cli.h"
#include "cli/simulated_trouble.h"

namespace skiff {

// What `skiff simulate` is asked for.
struct SimulateOrder {
  std::vector<std::string> paths;    // Of policies.
  std::vector<std::string> targets;  // Services; empty: each has a client.
  std::string gateway;  // `NAME[.NAMESPACE][/LISTENER]`: clients come through it, to no service.
  std::string host;     // That they ask for there.
  double rate = 100;    // Requests a second, to each target.
  std::string method = "GET";
  std::string path = "/";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string ns = "default";  // Of the clients.
  std::string zone;            // Of the clients.
  std::uint32_t sidecars = 1;  // Of the clients of each target.
  Milliseconds length{60'000};
  Milliseconds every{0};      // One row of the table; 0: as many rows as can be read.
  Milliseconds latency{5};    // What a service takes for one request, on average.
  std::uint32_t places = 64;  // Requests that an endpoint works on at once.
  std::uint64_t seed = 1;
  std::vector<SimulatedTrouble> troubles;
  std::string svg;  // A file; empty: no plot.
};

// Runs the operator's own policies in virtual time, and prints what became of the requests.
ExitCode simulate(const SimulateOrder& order, std::ostream& out, std::ostream& err);

}  // namespace skiff
