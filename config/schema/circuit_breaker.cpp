#include "config/schema/circuit_breaker.h"

#include "config/schema/shape.h"

namespace skiff {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

void check_breaker(const CircuitBreakerConfig& config, const Complain& complain) {
  if (config.wait_duration_in_open_state > config.max_wait_duration_in_open_state) {
    complain(
        "waitDurationInOpenState",
        to_text(config.wait_duration_in_open_state) + " is longer than maxWaitDurationInOpenState",
        "at most " + to_text(config.max_wait_duration_in_open_state));
  }
  if (config.sliding_window_type == CircuitBreakerConfig::Window::count &&
      config.minimum_number_of_calls > config.sliding_window_size) {
    complain("minimumNumberOfCalls",
             std::to_string(config.minimum_number_of_calls) + " is more than slidingWindowSize",
             "at most " + std::to_string(config.sliding_window_size));
  }
}

void describe_window(Shape& shape) {
  using Config = CircuitBreakerConfig;
  shape
      .field("slidingWindowType", &Config::sliding_window_type,
             "COUNT: the last calls. TIME: the calls of the last time.")
      .one_of({"COUNT", "TIME"});
  shape.field("slidingWindowSize", &Config::sliding_window_size, "How many calls count.")
      .range(1, 10'000)
      .only_for("slidingWindowType", {"COUNT"});
  shape.field("slidingWindowDuration", &Config::sliding_window_duration, "How long a call counts.")
      .range(seconds(1), hours(1))
      .only_for("slidingWindowType", {"TIME"});
  shape
      .field("minimumNumberOfCalls", &Config::minimum_number_of_calls,
             "With fewer calls in the window no rate opens it.")
      .range(1, 10'000);
}

}  // namespace

Shape describe(Of<CircuitBreakerConfig>) {
  using Config = CircuitBreakerConfig;
  Shape shape = Shape::of<Config>(
      "Stops calling a target that fails or hangs (503 circuit_open), and tries it again after a "
      "while.");
  describe_window(shape);
  shape.field("failureRateThreshold", &Config::failure_rate_threshold,
              "Opens when so many of the calls failed.");
  shape
      .field("slowCallDurationThreshold", &Config::slow_call_duration_threshold,
             "A call that takes longer is slow, at once when it has taken so long. 0s: none is.")
      .range(Milliseconds(0), hours(1));
  shape.field("slowCallRateThreshold", &Config::slow_call_rate_threshold,
              "Opens when so many of the calls were slow.");
  shape
      .field("consecutiveFailures", &Config::consecutive_failures,
             "Opens after so many failures in a row. 0: only the window counts.")
      .range(0, 10'000);
  shape
      .field("waitDurationInOpenState", &Config::wait_duration_in_open_state,
             "How long it stays open; twice as long each time that a trial fails.")
      .range(Milliseconds(1), hours(1));
  shape
      .field("maxWaitDurationInOpenState", &Config::max_wait_duration_in_open_state,
             "The longest that doubling leads to.")
      .range(Milliseconds(1), hours(24));
  shape
      .field("permittedNumberOfCallsInHalfOpenState",
             &Config::permitted_number_of_calls_in_half_open_state,
             "So many trial calls must succeed before it closes.")
      .range(1, 1'000);
  shape.field("ramp", &Config::ramp, "Trial calls are let through 1, 2, 4 and so on at a time.");
  shape.check(&check_breaker);
  return shape;
}

}  // namespace skiff
