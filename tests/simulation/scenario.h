#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

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

inline std::string seed_name(const testing::TestParamInfo<std::uint64_t>& info) {
  return "Seed" + std::to_string(info.param);
}

inline constexpr std::uint64_t seeds[] = {1, 2, 42};

}  // namespace skiff
