#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "sidecar/simulate/simulation.h"

namespace skiff {

// What became of the requests to one target: a table with a row for each `every`, and the sum.
void print_table(SimClient& client, Duration length, Duration every, std::ostream& out);

// What happened and what policies decided, in its order.
void print_events(const std::vector<SimEvent>& events, std::ostream& out);

// A plot of the success rate, the 99th percentile and the requests in flight of each client, as
// SVG. `events` are marked in it.
std::string plot(const std::vector<std::unique_ptr<SimClient>>& clients, Duration length,
                 const std::vector<SimEvent>& events);

}  // namespace skiff
