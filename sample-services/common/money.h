#pragma once

#include <compare>
#include <cstdint>
#include <optional>

namespace skiff::shop {

// An amount in minor units (cents). On the wire it is a decimal number of major units: `19.99`.
struct Money {
  std::int64_t minor = 0;

  auto operator<=>(const Money&) const = default;
  Money operator+(Money other) const { return {minor + other.minor}; }
  Money operator-(Money other) const { return {minor - other.minor}; }
  Money operator*(std::int64_t times) const { return {minor * times}; }
};

// The most that one price may be. With the limits of an order (order/order_request.h) no sum of
// prices leaves 64 bits.
inline constexpr Money highest_price{1'000'000'000};

// The amount that a decimal of the wire says, or nothing where it is below zero, above
// `highest_price` or finer than a minor unit.
std::optional<Money> money_from_decimal(double major);

// The decimal for the wire. Exact in print for every amount below 2^53 minor units.
double to_decimal(Money amount);

}  // namespace skiff::shop
