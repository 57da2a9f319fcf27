#include "sidecar/app/breaker_families.h"

#include <utility>

#include "sidecar/observe/families.h"

namespace skiff {

void collect_breakers(PolicyStates& states, TimePoint now,
                      std::vector<prometheus::MetricFamily>& families) {
  auto in_state = gauge_family("skiff_circuit_breaker_state",
                               "1 for the state that the circuit breaker of a target is in.");
  auto calls = gauge_family("skiff_circuit_breaker_calls",
                            "Calls in the window of a circuit breaker; of an open one those that "
                            "opened it. `outcome`: all, failed, slow.");
  states.visit([&](TargetState& state) {
    CircuitBreaker* const breaker = state.breaker().get();
    if (breaker == nullptr) return;
    const CircuitBreaker::Status status = breaker->status(now);
    const std::string_view subject = state.name();
    add_value(in_state, 1, {{"subject", subject}, {"state", status.state}});
    add_value(calls, status.counts.calls, {{"subject", subject}, {"outcome", "all"}});
    add_value(calls, status.counts.failed, {{"subject", subject}, {"outcome", "failed"}});
    add_value(calls, status.counts.slow, {{"subject", subject}, {"outcome", "slow"}});
  });
  if (in_state.metric.empty()) return;
  for (auto* family : {&in_state, &calls}) families.push_back(std::move(*family));
}

}  // namespace skiff
