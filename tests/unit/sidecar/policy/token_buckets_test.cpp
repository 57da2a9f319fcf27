#include "sidecar/policy/token_buckets.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start = TimePoint{} + 1h;
constexpr BucketRule ten_a_second{.rate = {10, Rate::Per::second}, .burst = 20};

std::string key(std::uint64_t number) { return std::to_string(number); }

int take_all(TokenBuckets& buckets, TimePoint now) {
  int taken = 0;
  while (buckets.take(now).allowed) ++taken;
  return taken;
}

TEST(TokenBuckets, GiveTheBurstAtFirst) {
  TokenBuckets buckets(ten_a_second, start);
  EXPECT_EQ(take_all(buckets, start), 20);
}

TEST(TokenBuckets, GiveTheRateThen) {
  TokenBuckets buckets(ten_a_second, start);
  take_all(buckets, start);
  EXPECT_FALSE(buckets.take(start + 99ms).allowed);
  EXPECT_TRUE(buckets.take(start + 101ms).allowed);
  EXPECT_FALSE(buckets.take(start + 101ms).allowed);
  EXPECT_EQ(take_all(buckets, start + 1'101ms), 10);
}

TEST(TokenBuckets, HoldNoMoreThanTheBurst) {
  TokenBuckets buckets(ten_a_second, start);
  take_all(buckets, start);
  EXPECT_EQ(take_all(buckets, start + 24h), 20);
}

TEST(TokenBuckets, SayWhatIsLeftAndWhenThereIsMore) {
  TokenBuckets buckets(ten_a_second, start);
  const BucketAnswer first = buckets.take(start);
  EXPECT_EQ(first.limit, 20U);
  EXPECT_EQ(first.remaining, 19U);
  EXPECT_EQ(first.until_next, 0ns);
  EXPECT_NEAR(static_cast<double>(first.until_full.count()), 1e8, 10);
  take_all(buckets, start);
  const BucketAnswer refused = buckets.take(start + 40ms);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.remaining, 0U);
  EXPECT_NEAR(static_cast<double>(refused.until_next.count()), 6e7, 2e3);
  EXPECT_NEAR(static_cast<double>(refused.until_full.count()), 1.96e9, 2e3);
  EXPECT_TRUE(buckets.take(start + 40ms + refused.until_next + 2us).allowed);
}

TEST(TokenBuckets, AreApartByKey) {
  TokenBuckets buckets(ten_a_second, start);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(buckets.take(key(1), start).allowed);
  EXPECT_FALSE(buckets.take(key(1), start).allowed);
  EXPECT_EQ(buckets.take(key(2), start).remaining, 19U);
  EXPECT_EQ(buckets.keys(), 2U);
}

TEST(TokenBuckets, TakeATokenBackWhereTheRequestWasRefusedElsewhere) {
  TokenBuckets buckets(ten_a_second, start);
  take_all(buckets, start);
  buckets.give_back();
  EXPECT_TRUE(buckets.take(start).allowed);
  EXPECT_FALSE(buckets.take(start).allowed);
  for (int i = 0; i < 20; ++i) buckets.take(key(1), start);
  buckets.give_back(key(1));
  buckets.give_back(key(2));  // Never seen.
  EXPECT_TRUE(buckets.take(key(1), start).allowed);
  EXPECT_FALSE(buckets.take(key(1), start).allowed);
}

TEST(TokenBuckets, GiveEachPeerItsShare) {
  TokenBuckets buckets({.rate = {10, Rate::Per::second}, .burst = 20, .shared_by = 4}, start);
  EXPECT_EQ(take_all(buckets, start), 5);
  EXPECT_EQ(take_all(buckets, start + 400ms + 1us), 1);
}

TEST(TokenBuckets, GiveAtLeastOneTokenWhateverTheNumberOfPeers) {
  TokenBuckets buckets({.rate = {10, Rate::Per::second}, .burst = 20, .shared_by = 100}, start);
  EXPECT_EQ(take_all(buckets, start), 1);
  EXPECT_EQ(take_all(buckets, start + 9s), 0);
  EXPECT_EQ(take_all(buckets, start + 11s), 1);
}

TEST(TokenBuckets, KeepWhatWasTakenWhenTheRuleChanges) {
  TokenBuckets buckets(ten_a_second, start);
  take_all(buckets, start);
  buckets.configure(ten_a_second, start);
  EXPECT_FALSE(buckets.take(start).allowed);
  buckets.configure({.rate = {100, Rate::Per::second}, .burst = 20}, start);
  EXPECT_FALSE(buckets.take(start).allowed);
  EXPECT_EQ(take_all(buckets, start + 101ms), 10);
}

TEST(TokenBuckets, LackNoMoreThanALoweredBurst) {
  TokenBuckets buckets({.rate = {10, Rate::Per::second}, .burst = 1'000}, start);
  take_all(buckets, start);
  buckets.configure(ten_a_second, start);
  EXPECT_FALSE(buckets.take(start).allowed);
  EXPECT_TRUE(buckets.take(start + 101ms).allowed);
}

// What holds of every bucket: the admissions of one key, by the time that was told.
class Admissions final {
 public:
  explicit Admissions(const BucketRule& rule)
      : burst_(rule.burst),
        per_nanosecond_(rule.rate.count /
                        static_cast<double>(Duration(rule.rate.period()).count())) {}

  // No window that ends here has more than rate * t + burst.
  void add(TimePoint now) {
    times_.push_back(now);
    for (std::size_t i = 0; i < times_.size(); ++i) {
      const auto count = static_cast<double>(times_.size() - i);
      const double most = static_cast<double>((now - times_[i]).count()) * per_nanosecond_ + burst_;
      ASSERT_LE(count, most + 0.001);
    }
    if (times_.size() > 500) times_.pop_front();
  }

 private:
  const double burst_;
  const double per_nanosecond_;
  std::deque<TimePoint> times_;
};

// A clock that stands, creeps, jumps, and (as another worker's) tells earlier times.
class Wild final {
 public:
  explicit Wild(std::uint64_t seed) : random_(seed) {}

  TimePoint next(const BucketRule& rule) {
    const auto token = Duration(rule.rate.period()).count() / rule.rate.count + 1;
    switch (random_.below(8)) {
      case 0:
        break;
      case 1:
        time_ += Duration(random_.below(static_cast<std::uint64_t>(token) * rule.burst * 2 + 1));
        break;
      default:
        time_ += Duration(random_.below(static_cast<std::uint64_t>(token) / 2 + 2));
    }
    const TimePoint told = time_ - Duration(random_.below(16) == 0 ? random_.below(1'000'000) : 0);
    latest_ = std::max(latest_, told);
    return told;
  }
  TimePoint latest() const { return latest_; }  // That anybody told.
  Random& random() { return random_; }

 private:
  Random random_;
  TimePoint time_ = start;
  TimePoint latest_ = start;
};

constexpr BucketRule rules[] = {
    {.rate = {10, Rate::Per::second}, .burst = 20, .max_keys = 16},
    {.rate = {3, Rate::Per::second}, .burst = 1, .max_keys = 16},
    {.rate = {999'999, Rate::Per::second}, .burst = 50, .max_keys = 16},
    {.rate = {7, Rate::Per::minute}, .burst = 3, .max_keys = 16},
    {.rate = {1'000, Rate::Per::hour}, .burst = 100, .max_keys = 16},
};

TEST(TokenBuckets, NeverGiveMoreThanRateTimesTimeAndBurst) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (const BucketRule& rule : rules) {
      TokenBuckets buckets(rule, start);
      Admissions admissions(rule);
      Wild clock(seed);
      for (int i = 0; i < 3'000; ++i) {
        const TimePoint now = clock.next(rule);
        if (buckets.take(now).allowed) admissions.add(clock.latest());
        if (HasFatalFailure()) FAIL() << to_text(rule.rate) << ", seed " << seed;
      }
    }
  }
}

TEST(TokenBuckets, NeverGiveAKeyMoreHoweverManyOthersPushItOut) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (const BucketRule& rule : rules) {
      TokenBuckets buckets(rule, start);
      std::vector<Admissions> admissions(64, Admissions(rule));
      Wild clock(seed);
      for (int i = 0; i < 20'000; ++i) {
        const TimePoint now = clock.next(rule);
        // One in four asks for the key that is watched most; the others push it out.
        const std::uint64_t asked = clock.random().below(4) == 0 ? 0 : clock.random().below(64);
        if (buckets.take(key(asked), now).allowed) admissions[asked].add(clock.latest());
        if (HasFatalFailure()) FAIL() << to_text(rule.rate) << ", seed " << seed;
      }
      EXPECT_GT(buckets.forgotten(), 0U);
    }
  }
}

TEST(TokenBuckets, GiveAtLeastTheRateUnderSteadyDemand) {
  for (const BucketRule& rule : rules) {
    if (rule.burst == 1) continue;  // It overflows between any two requests.
    TokenBuckets buckets(rule, start);
    Random random(7);
    const Duration token = Duration(rule.rate.period()) / rule.rate.count;
    TimePoint now = start;
    double taken = 0;
    for (int i = 0; i < 100'000; ++i) {
      now += Duration(random.below(static_cast<std::uint64_t>(token.count()) / 2 + 1));
      taken += take_all(buckets, now);
    }
    const double passed = static_cast<double>((now - start).count());
    const double rate = rule.rate.count / static_cast<double>(Duration(rule.rate.period()).count());
    EXPECT_GE(taken, rate * passed + rule.burst - 1 - 0.001) << to_text(rule.rate);
    EXPECT_LE(taken, rate * passed + rule.burst + 0.001) << to_text(rule.rate);
  }
}

TEST(TokenBuckets, GiveNobodyTokensForPushingThemselvesOut) {
  TokenBuckets buckets({.rate = {1, Rate::Per::hour}, .burst = 3, .max_keys = 100}, start);
  int taken = 0;
  for (std::uint64_t i = 0; i < 1'000'000; ++i) {
    taken += buckets.take(key(0), start).allowed;
    buckets.take(key(i + 1), start);
    if (i % 3 == 0) {
      for (std::uint64_t j = 0; j < 120 && i < 300; ++j) buckets.take(key(1'000'000 + j), start);
    }
  }
  EXPECT_EQ(taken, 3);
  EXPECT_EQ(buckets.keys(), 100U);
}

// As malloc counts it, with what it adds to each piece. Sanitizers have a malloc of their own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
std::size_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST(TokenBuckets, TakeTwoMebibytesAtMostForTenThousandKeys) {
  const TokenBuckets first(ten_a_second, start);  // OpenSSL's random numbers take memory once.
  const std::size_t before = allocated();
  const auto buckets = std::make_unique<TokenBuckets>(ten_a_second, start);
  for (std::uint64_t i = 0; i < 20'000; ++i) buckets->take(key(i), start);
  const std::size_t taken = allocated() - before;
  EXPECT_EQ(buckets->keys(), 10'000U);
  EXPECT_LE(taken, 2U << 20);
  EXPECT_GE(taken, 10'000U * sizeof(Hash128)) << "the keys are not where they are counted";
  RecordProperty("bytes", std::to_string(taken));
}
#endif

TEST(TokenBuckets, AreSharedByThreads) {
  TokenBuckets buckets({.rate = {1, Rate::Per::hour}, .burst = 1'000}, start);
  std::vector<int> taken(4);
  std::vector<std::thread> workers;
  for (int& each : taken) {
    workers.emplace_back([&each, &buckets] {
      for (int i = 0; i < 10'000; ++i) each += buckets.take(start).allowed;
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(taken[0] + taken[1] + taken[2] + taken[3], 1'000);
}

}  // namespace
}  // namespace skiff
