// What a bulkhead costs each request. Built with -DSKIFF_MICRO_BENCH=ON:
// build/release/bin/micro-bulkhead.
#include <benchmark/benchmark.h>

#include <string>

#include "sidecar/policy/caller_bulkheads.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

constexpr BulkheadLimitConfig many{.max_concurrent = 1'024, .adaptive = {}};

// A slot taken and given back: there is room, and nobody waits.
void admit_and_release(benchmark::State& state) {
  static Bulkhead bulkhead("product.shop", many, {});
  TimePoint now{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(bulkhead.try_admit());
    bulkhead.released(now);
  }
}

// The same, with an answer that an adaptive limit learns from.
void admit_answer_and_release(benchmark::State& state) {
  BulkheadLimitConfig config = many;
  config.adaptive.emplace();
  Bulkhead bulkhead("product.shop", config, {});
  TimePoint now{};
  for (auto _ : state) {
    now += 1us;
    benchmark::DoNotOptimize(bulkhead.try_admit());
    bulkhead.answered(10ms, now);
    bulkhead.released(now);
  }
}

// A slot passes to one who waits: queued, served, taken from the inbox.
void wait_and_be_served(benchmark::State& state) {
  Bulkhead bulkhead("product.shop", {.max_concurrent = 1, .adaptive = {}}, {});
  BulkheadInbox inbox([] {});
  struct One final : BulkheadWaiter {
    using BulkheadWaiter::BulkheadWaiter;
  } one(inbox);
  TimePoint now{};
  bulkhead.try_admit();
  for (auto _ : state) {
    bulkhead.admit(one, Criticality::normal, now);
    bulkhead.released(now);
    benchmark::DoNotOptimize(inbox.take());
  }
}

// Finds the bulkhead of one caller among as many.
void find_caller(benchmark::State& state) {
  CallerBulkheads callers("application", many, {});
  const std::string identity = "spiffe://shop.test/ns/shop/sa/order-";
  for (int i = 0; i < state.range(0); ++i) callers.of(identity + std::to_string(i));
  const std::string one = identity + "0";
  for (auto _ : state) benchmark::DoNotOptimize(&callers.of(one));
}

BENCHMARK(admit_and_release)->Threads(1)->Threads(2);
BENCHMARK(admit_answer_and_release);
BENCHMARK(wait_and_be_served);
BENCHMARK(find_caller)->Arg(10)->Arg(1'000);

}  // namespace
}  // namespace skiff

BENCHMARK_MAIN();
