// How long a decision of a rate limit takes. Built with -DSKIFF_MICRO_BENCH=ON:
// build/release/bin/micro-rate_limit.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "sidecar/policy/token_buckets.h"

namespace skiff {
namespace {

constexpr TimePoint start = TimePoint{} + std::chrono::hours(1);
constexpr BucketRule rule{.rate = {1'000'000, Rate::Per::second}, .burst = 1'000};

std::unique_ptr<TokenBuckets> shared;

void take_unkeyed(benchmark::State& state) {
  if (state.thread_index() == 0) shared = std::make_unique<TokenBuckets>(rule, start);
  TimePoint now = start;
  for (auto _ : state) benchmark::DoNotOptimize(shared->take(now += std::chrono::nanoseconds(300)));
}
BENCHMARK(take_unkeyed)->Threads(1)->Threads(2);

// The hash of the key is part of it; among `keys` callers in turn.
void take_keyed(benchmark::State& state) {
  const auto keys = static_cast<std::size_t>(state.range(0));
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < keys; ++i)
    texts.push_back("spiffe://shop.example/ns/shop/sa/caller-" + std::to_string(i * 7'919 % keys));
  TokenBuckets buckets(rule, start);
  TimePoint now = start;
  std::size_t next = 0;
  for (auto _ : state) {
    if (++next == keys) next = 0;
    benchmark::DoNotOptimize(buckets.take(texts[next], now += std::chrono::nanoseconds(300)));
  }
  state.counters["forgotten"] = static_cast<double>(buckets.forgotten());
}
BENCHMARK(take_keyed)->Arg(1)->Arg(100)->Arg(10'000)->Arg(100'000);

}  // namespace
}  // namespace skiff

BENCHMARK_MAIN();
