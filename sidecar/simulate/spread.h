#pragma once

#include "base/clock.h"
#include "base/random.h"

namespace skiff {

// How long something takes, again and again.
struct Spread {
  enum class Kind { constant, exponential, lognormal };

  Kind kind = Kind::constant;
  Duration mean{};
  double sigma = 0;  // lognormal: of the logarithm. 0.5 makes a p99 of about 2.8 times the mean.

  Duration draw(Random& random) const;

  static Spread constant(Duration mean) { return {Kind::constant, mean, 0}; }
  static Spread exponential(Duration mean) { return {Kind::exponential, mean, 0}; }
  static Spread lognormal(Duration mean, double sigma) { return {Kind::lognormal, mean, sigma}; }
};

}  // namespace skiff
