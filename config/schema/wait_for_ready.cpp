#include "config/schema/wait_for_ready.h"

#include "config/schema/shape.h"

namespace skiff {
namespace {

constexpr Milliseconds shortest{1};

void check_wait(const WaitForReadyConfig& config, const Complain& complain) {
  if (config.interval <= config.max_wait) return;
  complain("interval", to_text(config.interval) + " is longer than maxWait",
           "at most " + to_text(config.max_wait));
}

}  // namespace

Shape describe(Of<WaitForReadyConfig>) {
  using Config = WaitForReadyConfig;
  Shape shape = Shape::of<Config>(
      "Holds a request whose connections were all refused, or that has no endpoint at all, until "
      "an endpoint accepts one. Nobody has begun to act on it, so it may be of any method.");
  shape
      .field("maxWait", &Config::max_wait,
             "How long a request waits at most; then it fails as it would have at once.")
      .range(shortest, std::chrono::minutes(1));
  shape
      .field("interval", &Config::interval,
             "How often one of those that wait is sent, to see whether an endpoint accepts.")
      .range(shortest, std::chrono::minutes(1));
  shape
      .field("maxWaiting", &Config::max_waiting,
             "Requests that wait, per worker; more fail at once.")
      .range(1, 100'000);
  shape.check(&check_wait);
  return shape;
}

}  // namespace skiff
