#include "sidecar/simulate/spread.h"

#include <cmath>
#include <numbers>

namespace skiff {
namespace {

// One number of the standard normal distribution. Source: G. Box and M. Muller (1958).
double normal(Random& random) {
  const double radius = std::sqrt(-2 * std::log(1 - random.unit()));
  return radius * std::cos(2 * std::numbers::pi * random.unit());
}

}  // namespace

Duration Spread::draw(Random& random) const {
  const auto typical = static_cast<double>(mean.count());
  double drawn = typical;
  if (kind == Kind::exponential) drawn = -typical * std::log(1 - random.unit());
  // The mean of exp(N(m, s)) is exp(m + s²/2).
  if (kind == Kind::lognormal) {
    drawn = typical * std::exp(sigma * normal(random) - sigma * sigma / 2);
  }
  return Duration(static_cast<Duration::rep>(drawn));
}

}  // namespace skiff
