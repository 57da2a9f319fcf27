#pragma once

#include <cstdint>
#include <optional>

#include "base/units.h"
#include "config/schema/described.h"

namespace skiff {

// Stops calling a target that fails or hangs. Names and numbers are resilience4j's;
// `consecutiveFailures` is pybreaker's form and works beside the window.
struct CircuitBreakerConfig {
  enum class Window { count, time };

  Window sliding_window_type = Window::count;
  std::uint32_t sliding_window_size = 100;       // Calls; of COUNT.
  Milliseconds sliding_window_duration{10'000};  // Of TIME; in 10 parts.
  std::uint32_t minimum_number_of_calls = 20;
  Ratio failure_rate_threshold{0.5};
  Milliseconds slow_call_duration_threshold{0};  // 0s: none is slow.
  Ratio slow_call_rate_threshold{1.0};
  std::uint32_t consecutive_failures = 0;            // 0: only the window counts.
  Milliseconds wait_duration_in_open_state{10'000};  // Twice as long with every re-opening.
  Milliseconds max_wait_duration_in_open_state{60'000};
  std::uint32_t permitted_number_of_calls_in_half_open_state = 3;
  bool ramp = false;  // Half-open lets 1, 2, 4, … through.

  bool operator==(const CircuitBreakerConfig&) const = default;
};

// What an operator may set a breaker to, past its policy.
enum class BreakerMode : std::uint8_t { automatic, forced_open, metrics_only, disabled };

Shape describe(Of<CircuitBreakerConfig>);

}  // namespace skiff
