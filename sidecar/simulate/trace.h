#pragma once

#include <cstdint>

#include "base/clock.h"

namespace skiff {

// A fingerprint of all that happened in a simulation, in its order: two runs with the same one were
// the same. Source of the mixing: splitmix64.
class Trace final {
 public:
  enum class What : std::uint8_t { sent, attempted, executed, ended, changed };

  void note(What what, std::uint64_t whom, std::uint64_t how, TimePoint when) {
    mix(static_cast<std::uint64_t>(when.time_since_epoch().count()));
    mix(whom << 3 | static_cast<std::uint64_t>(what));
    mix(how);
  }

  std::uint64_t hash() const { return hash_; }

 private:
  void mix(std::uint64_t value) {
    std::uint64_t z = hash_ + value + 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    hash_ = z ^ (z >> 31);
  }

  std::uint64_t hash_ = 0;
};

}  // namespace skiff
