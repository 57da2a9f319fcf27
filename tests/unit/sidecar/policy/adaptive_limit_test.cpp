#include "sidecar/policy/adaptive_limit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <queue>
#include <vector>

#include "base/random.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

const TimePoint start = TimePoint{} + 1h;

// ---- LatencyBuckets

TEST(LatencyBuckets, KnowsQuantilesWithinAFewPercent) {
  LatencyBuckets window;
  for (int i = 1; i <= 1000; ++i) window.add(std::chrono::microseconds(i * 37));
  for (const double share : {0.1, 0.5, 0.9, 1.0}) {
    const double exact = share * 37e6;
    EXPECT_NEAR(window.quantile(share), exact, 0.04 * exact) << share;
  }
  window.clear();
  EXPECT_EQ(window.count(), 0u);
}

TEST(LatencyBuckets, TakesAnyLatency) {
  LatencyBuckets window;
  window.add(0ns);
  EXPECT_LE(window.quantile(0.5), 1024);
  window.clear();
  window.add(24h);
  EXPECT_GT(window.quantile(0.5), 60e9);
}

// ---- AdaptiveLimit

// A queueing model: `servers` that each serve one request at a time, first come first served, and
// clients that always have as many requests under way as they may.
class Model final {
 public:
  explicit Model(AdaptiveLimit& limit) : limit_(limit) {}

  std::size_t servers = 40;
  Duration service = 10ms;
  double spread = 0;                  // Of the service: 0: always the same, 1: exponential.
  std::uint32_t clients = 1'000'000;  // Requests that there are at most.

  // The mean of the limit over the second half of that time.
  double run(Duration time) {
    const TimePoint end = now_ + time;
    const TimePoint half = now_ + time / 2;
    double sum = 0;
    int count = 0;
    while (now_ < end) {
      fill();
      const Running done = running_.top();
      running_.pop();
      now_ = done.ends;
      limit_.add(now_ - done.came, in_flight(), now_);
      ++served;
      if (now_ < half) continue;
      sum += limit_.limit();
      ++count;
    }
    return sum / count;
  }

  int served = 0;

 private:
  struct Running {
    TimePoint ends;
    TimePoint came;
    bool operator<(const Running& other) const { return ends > other.ends; }
  };

  std::uint32_t in_flight() const {
    return static_cast<std::uint32_t>(running_.size() + waiting_.size());
  }
  void fill() {
    while (in_flight() < std::min(limit_.limit(), clients)) waiting_.push_back(now_);
    while (running_.size() < servers && !waiting_.empty()) {
      running_.push({now_ + draw(), waiting_.front()});
      waiting_.pop_front();
    }
  }
  Duration draw() {
    const double exponential = -std::log(1 - random_.unit());
    const double factor = 1 - spread + spread * exponential;
    return Duration(static_cast<std::int64_t>(static_cast<double>(service.count()) * factor));
  }

  AdaptiveLimit& limit_;
  Random random_{7};
  TimePoint now_ = start;
  std::deque<TimePoint> waiting_;
  std::priority_queue<Running> running_;
};

AdaptiveLimitConfig usual() { return {}; }

TEST(AdaptiveLimit, StartsLowAndWithinItsBounds) {
  EXPECT_EQ(AdaptiveLimit(usual(), 1024).limit(), 20u);
  EXPECT_EQ(AdaptiveLimit(usual(), 10).limit(), 10u);
  EXPECT_EQ(AdaptiveLimit({.min_concurrent = 50}, 1024).limit(), 50u);
}

TEST(AdaptiveLimit, ComesToRestNearTheKnee) {
  for (const std::size_t servers : {10, 40, 300}) {
    for (const double spread : {0.0, 0.5, 1.0}) {
      AdaptiveLimit limit(usual(), 1024);
      Model model(limit);
      model.servers = servers;
      model.spread = spread;
      const double knee = static_cast<double>(servers);
      const double mean = model.run(1min);
      EXPECT_GT(mean, 0.9 * knee) << servers << " servers, spread " << spread;
      EXPECT_LT(mean, 1.7 * knee + 4) << servers << " servers, spread " << spread;
    }
  }
}

TEST(AdaptiveLimit, CostsLittleThroughput) {
  AdaptiveLimit limit(usual(), 1024);
  Model model(limit);
  model.spread = 1;
  model.run(1min);
  const int before = model.served;
  model.run(1min);
  EXPECT_GT(model.served - before, 0.9 * 60 * 40 / 0.010);
}

TEST(AdaptiveLimit, ShrinksWithWhatTheTargetCanDoAndRecovers) {
  AdaptiveLimit limit(usual(), 1024);
  Model model(limit);
  model.spread = 0.5;
  model.servers = 100;
  const double before = model.run(2min);
  model.servers = 25;
  const double less = model.run(2min);
  EXPECT_LT(less, 0.5 * before);
  EXPECT_GT(less, 20);
  model.servers = 100;
  EXPECT_GT(model.run(2min), 90);
}

TEST(AdaptiveLimit, ShrinksAtOnceWhereLatencyRisesAndTakesItForUsualInTime) {
  AdaptiveLimit limit(usual(), 1024);
  Model model(limit);
  model.spread = 0.2;
  const double before = model.run(1min);
  model.service = 30ms;  // As if something behind had become slow.
  model.run(3s);
  EXPECT_LT(limit.limit(), 0.7 * before);
  EXPECT_GT(model.run(4min), 0.8 * before) << "then it is the new baseline";
  model.service = 10ms;
  EXPECT_NEAR(model.run(4min), before, 0.3 * before);
}

TEST(AdaptiveLimit, DoesNotGrowWhereNobodyNeedsMore) {
  AdaptiveLimit limit(usual(), 1024);
  Model model(limit);
  model.clients = 5;
  EXPECT_EQ(model.run(1min), 20);
}

TEST(AdaptiveLimit, StaysWithinItsBounds) {
  AdaptiveLimit limit({.min_concurrent = 12}, 30);
  Model model(limit);
  EXPECT_LE(model.run(1min), 30);
  model.servers = 1;
  model.run(1min);
  EXPECT_GE(limit.limit(), 12u);
}

TEST(AdaptiveLimit, KeepsWhatItLearnedWhereItsBoundsChange) {
  AdaptiveLimit limit(usual(), 1024);
  Model model(limit);
  model.run(1min);
  const std::uint32_t learned = limit.limit();
  limit.configure(usual(), 2048);
  EXPECT_EQ(limit.limit(), learned);
  limit.configure(usual(), 25);
  EXPECT_EQ(limit.limit(), 25u);
}

TEST(AdaptiveLimit, WaitsForEnoughToGoBy) {
  AdaptiveLimit limit(usual(), 1024);
  TimePoint now = start;
  for (int i = 0; i < 49; ++i) EXPECT_FALSE(limit.add(10ms, 20, now += 1s));
  EXPECT_TRUE(limit.add(10ms, 20, now));
}

}  // namespace
}  // namespace skiff
