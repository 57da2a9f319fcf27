// What a retry budget costs each request, and each retry. Built with -DSKIFF_MICRO_BENCH=ON:
// build/release/bin/micro-retry_budget.
#include <benchmark/benchmark.h>

#include "sidecar/policy/retry_budget.h"

namespace skiff {
namespace {

constexpr TimePoint start = TimePoint{} + std::chrono::hours(1);
constexpr Duration apart = std::chrono::microseconds(3);  // Of requests.

// Of every request: it adds to what may be sent again.
void deposit(benchmark::State& state) {
  static RetryBudget budget;
  TimePoint now = start;
  for (auto _ : state) budget.deposit(now += apart);
}

// Of a retry, one for each ten requests, which are measured too; there is always room for it.
void withdraw_of_ten(benchmark::State& state) {
  RetryBudget budget;
  TimePoint now = start;
  for (auto _ : state) {
    for (int i = 0; i < 10; ++i) budget.deposit(now += apart);
    benchmark::DoNotOptimize(budget.withdraw(now));
  }
  state.counters["refused"] = static_cast<double>(budget.refused());
}

// Of a retry that the budget refuses: nothing else is asked.
void refuse(benchmark::State& state) {
  RetryBudget budget;
  TimePoint now = start;
  while (budget.withdraw(now)) {
  }
  for (auto _ : state) benchmark::DoNotOptimize(budget.withdraw(now));
}

BENCHMARK(deposit)->Threads(1)->Threads(2);
BENCHMARK(withdraw_of_ten);
BENCHMARK(refuse);

}  // namespace
}  // namespace skiff

BENCHMARK_MAIN();
