#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "config/schema/bulkhead.h"
#include "sidecar/simulate/simulation.h"

namespace skiff {

using namespace std::chrono_literals;

// Runs a scenario once for each seed, and says which seed it failed with. What it says must hold
// for all.
class Scenario : public testing::TestWithParam<std::uint64_t> {
 protected:
  std::uint64_t seed() const { return GetParam(); }

  // Ends `simulation` and looks at what must hold in each.
  static void expect_sound(Simulation& simulation) {
    simulation.settle();
    for (const std::string& violation : simulation.violations()) ADD_FAILURE() << violation;
  }
};

// The same ones in each run, then others each time; those in SKIFF_SEEDS, as in `7 1234`, instead.
const std::vector<std::uint64_t>& seeds();

inline std::string seed_name(const testing::TestParamInfo<std::uint64_t>& info) {
  return "Seed" + std::to_string(info.param);
}

inline BulkheadLimitConfig limit_of(std::uint32_t concurrent, std::uint32_t queue,
                                    Milliseconds wait) {
  BulkheadLimitConfig limit;
  limit.max_concurrent = concurrent;
  limit.max_queue = queue;
  limit.max_wait = wait;
  return limit;
}

// How many attempts reached all instances, and what share of them this one.
std::uint64_t handled_by_all(SimService& service);
double share_of(SimService& service, std::size_t index);

// 1,000 a second at most: 20 places of 20ms.
SimServiceSpec thousand_a_second();

// A figure that docs/simulation.md gives: into the report of the test program.
void note_figure(const char* name, double value);

}  // namespace skiff
