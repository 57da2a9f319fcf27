
#include "sidecar/policy/token_buckets.h"
#include "tests/simulation/scenario.h"

// What holds whatever is asked and when.

namespace skiff {
namespace {

class Laws : public Scenario {};
INSTANTIATE_TEST_SUITE_P(Seeds, Laws, testing::ValuesIn(seeds()), seed_name);

// Some seconds of demand that comes and goes; each second and each 10ms is looked at.
TEST_P(Laws, LetATokenBucketNeverGiveMoreThanItsRateAndBurst) {
  Random random(seed());
  for (int round = 0; round < 20; ++round) {
    BucketRule rule;
    rule.rate.count = static_cast<std::uint32_t>(1 + random.below(200));
    rule.burst = static_cast<std::uint32_t>(1 + random.below(100));
    TimePoint now = TimePoint{} + 1h;
    TokenBuckets buckets(rule, now);
    std::vector<TimePoint> taken;
    for (int i = 0; i < 3'000; ++i) {
      const std::uint64_t wait = random.below(4) == 0 ? 200'000'000 : 5'000'000;
      now += Duration(static_cast<Duration::rep>(random.below(wait)));
      if (buckets.take(now).allowed) taken.push_back(now);
    }
    ASSERT_GT(taken.size(), 10U);
    const double rate = rule.rate.count;  // A second.
    for (std::size_t from = 0; from < taken.size(); from += 7) {
      for (std::size_t to = from; to < taken.size(); to += 13) {
        const double seconds = std::chrono::duration<double>(taken[to] - taken[from]).count();
        ASSERT_LE(static_cast<double>(to - from + 1), rate * seconds + rule.burst + 1e-3);
      }
    }
  }
}

}  // namespace
}  // namespace skiff
