#include "sample-services/common/money.h"

#include <cmath>

namespace skiff::shop {

namespace {
constexpr double minor_per_major = 100;
}

std::optional<Money> money_from_decimal(double major) {
  if (!(major >= 0 && major <= to_decimal(highest_price))) return std::nullopt;
  const double minor = std::round(major * minor_per_major);
  // 19.99 is not a binary fraction: what is read is the decimal only where it prints the same.
  if (minor / minor_per_major != major) return std::nullopt;
  return Money{static_cast<std::int64_t>(minor)};
}

double to_decimal(Money amount) { return static_cast<double>(amount.minor) / minor_per_major; }

}  // namespace skiff::shop
