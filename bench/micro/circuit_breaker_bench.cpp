// What a circuit breaker costs a request: admit, head, answer, release. Built with
// -DSKIFF_MICRO_BENCH=ON: build/release/bin/micro-circuit_breaker.
#include <benchmark/benchmark.h>

#include "sidecar/policy/circuit_breaker.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start = TimePoint{} + std::chrono::hours(1);

CircuitBreakerConfig config_of(const benchmark::State& state) {
  CircuitBreakerConfig config;
  if (state.range(0) != 0) config.sliding_window_type = CircuitBreakerConfig::Window::time;
  if (state.range(1) != 0) config.slow_call_duration_threshold = 1s;
  return config;
}

void let_through(benchmark::State& state) {
  CircuitBreaker breaker(config_of(state), "target", 1, {}, start);
  Admission& admission = breaker;
  TimePoint now = start;
  for (auto _ : state) {
    now += 10us;
    auto ticket = *admission.admit(now);
    ticket = admission.heard(ticket, now);
    admission.answered(ticket, Outcome::success, 1ms, now);
    admission.released(ticket, now);
  }
}

void refuse(benchmark::State& state) {
  CircuitBreaker breaker(config_of(state), "target", 1, {}, start);
  Admission& admission = breaker;
  breaker.set_mode(BreakerMode::forced_open, start);
  for (auto _ : state) {
    benchmark::DoNotOptimize(admission.admit(start));
    benchmark::DoNotOptimize(admission.retry_after(start));
  }
}

// Arguments: whether the window is of time; whether calls are timed.
BENCHMARK(let_through)->Args({0, 0})->Args({1, 0})->Args({0, 1})->Args({1, 1});
BENCHMARK(refuse)->Args({0, 0});

}  // namespace
}  // namespace skiff

BENCHMARK_MAIN();
