#include "sidecar/policy/bulkhead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using Verdict = Bulkhead::Verdict;
using Order = BulkheadLimitConfig::Order;

const TimePoint start = TimePoint{} + 1h;

class One final : public BulkheadWaiter {
 public:
  using BulkheadWaiter::BulkheadWaiter;
};

struct BulkheadTest : testing::Test {
  static BulkheadLimitConfig of(std::uint32_t most, std::uint32_t queue) {
    return {.max_concurrent = most, .max_queue = queue, .adaptive = {}};
  }
  Verdict ask(One& one, Criticality criticality = Criticality::normal) {
    return bulkhead.admit(one, criticality, now);
  }
  // Fills all slots.
  void fill() {
    while (bulkhead.try_admit()) continue;
  }

  TimePoint now = start;
  std::vector<std::string> events;
  Bulkhead bulkhead{"product.shop", of(2, 2), [this](const PolicyEvent& event) {
                      events.push_back(std::string(event.policy)
                                           .append(" of ")
                                           .append(event.subject)
                                           .append(": ")
                                           .append(event.from)
                                           .append(" -> ")
                                           .append(event.to)
                                           .append(": ")
                                           .append(event.why));
                    }};
  int woken = 0;
  BulkheadInbox inbox{[this] { ++woken; }};
  One a{inbox}, b{inbox}, c{inbox}, d{inbox};
};

TEST_F(BulkheadTest, LetsThroughWhatItHasRoomFor) {
  EXPECT_TRUE(bulkhead.try_admit());
  EXPECT_FALSE(bulkhead.is_full());
  EXPECT_EQ(ask(a), Verdict::granted);
  EXPECT_TRUE(bulkhead.is_full());
  EXPECT_FALSE(bulkhead.try_admit());
  bulkhead.released(now);
  EXPECT_FALSE(bulkhead.is_full());
  EXPECT_TRUE(bulkhead.try_admit());
}

TEST_F(BulkheadTest, QueuesThenRefuses) {
  fill();
  EXPECT_EQ(ask(a), Verdict::queued);
  EXPECT_EQ(ask(b), Verdict::queued);
  EXPECT_EQ(ask(c), Verdict::full);
  const auto figures = bulkhead.figures();
  EXPECT_EQ(figures.in_use, 2u);
  EXPECT_EQ(figures.queued, 2u);
  EXPECT_EQ(figures.limit, 2u);
}

TEST_F(BulkheadTest, ASlotGoesToWhoeverIsNextAndIsNeverFreeInBetween) {
  fill();
  ask(a);
  ask(b);
  bulkhead.released(now);
  EXPECT_EQ(woken, 1);
  EXPECT_FALSE(bulkhead.try_admit());
  EXPECT_EQ(inbox.take(), &a);
  EXPECT_TRUE(a.granted());
  EXPECT_EQ(bulkhead.figures().in_use, 2u);
  EXPECT_EQ(bulkhead.figures().queued, 1u);
}

TEST_F(BulkheadTest, TheNewestIsNextWhereThePolicySaysSo) {
  auto config = of(2, 2);
  config.order = Order::lifo;
  bulkhead.configure(config);
  fill();
  ask(a);
  ask(b);
  bulkhead.released(now);
  EXPECT_EQ(inbox.take(), &b);
}

TEST_F(BulkheadTest, WhoGivesUpIsNotServed) {
  fill();
  ask(a);
  EXPECT_TRUE(bulkhead.give_up(a, now));
  bulkhead.released(now);
  EXPECT_EQ(inbox.take(), nullptr);
  EXPECT_EQ(bulkhead.figures().in_use, 1u);
}

TEST_F(BulkheadTest, WhoWasServedCannotGiveUpAnyMore) {
  fill();
  ask(a);
  bulkhead.released(now);
  EXPECT_FALSE(bulkhead.give_up(a, now));
  EXPECT_EQ(inbox.take(), &a);
}

TEST_F(BulkheadTest, AClientThatLeavesLeavesTheQueue) {
  fill();
  ask(a);
  ask(b);
  bulkhead.leave(a, now);
  bulkhead.released(now);
  EXPECT_EQ(inbox.take(), &b);
}

TEST_F(BulkheadTest, AClientThatLeavesWithASlotInItsInboxPassesItOn) {
  fill();
  ask(a);
  ask(b);
  bulkhead.released(now);  // To a.
  bulkhead.leave(a, now);
  EXPECT_EQ(inbox.take(), &b);
  EXPECT_EQ(inbox.take(), nullptr);
  EXPECT_EQ(bulkhead.figures().in_use, 2u);
}

TEST_F(BulkheadTest, AClientThatLeavesWithARefusalInItsInboxGivesNothingBack) {
  fill();
  ask(a, Criticality::sheddable);
  ask(b);
  ask(c);  // Instead of a.
  bulkhead.leave(a, now);
  EXPECT_EQ(inbox.take(), nullptr);
  EXPECT_EQ(bulkhead.figures().in_use, 2u);
  EXPECT_EQ(bulkhead.figures().queued, 2u);
}

TEST_F(BulkheadTest, WhatMattersMoreTakesThePlaceOfTheLowest) {
  fill();
  ask(a);
  ask(b, Criticality::sheddable);
  EXPECT_EQ(ask(c, Criticality::critical), Verdict::queued);
  EXPECT_EQ(inbox.take(), &b);
  EXPECT_FALSE(b.granted());
  EXPECT_EQ(ask(d, Criticality::normal), Verdict::full) << "nobody who waits matters less";
  bulkhead.released(now);
  EXPECT_EQ(inbox.take(), &c);
}

TEST_F(BulkheadTest, ALowerLimitDrains) {
  fill();
  ask(a);
  bulkhead.configure(of(1, 2));
  bulkhead.released(now);
  EXPECT_EQ(inbox.take(), nullptr) << "one too many was in flight";
  EXPECT_TRUE(bulkhead.is_full());
  bulkhead.released(now);
  EXPECT_EQ(inbox.take(), &a);
  EXPECT_EQ(bulkhead.figures().in_use, 1u);
}

TEST_F(BulkheadTest, AHigherLimitWakesWhoWaits) {
  fill();
  ask(a);
  ask(b);
  bulkhead.configure(of(4, 2));
  EXPECT_EQ(inbox.take(), &a);
  EXPECT_EQ(inbox.take(), &b);
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(bulkhead.figures().in_use, 4u);
  EXPECT_TRUE(bulkhead.is_full());
}

TEST_F(BulkheadTest, WithoutALimitAllGoThroughAndTheCountGoesOn) {
  fill();
  ask(a);
  bulkhead.configure(std::nullopt);
  EXPECT_EQ(inbox.take(), &a);
  EXPECT_TRUE(bulkhead.try_admit());
  for (int i = 0; i < 4; ++i) bulkhead.released(now);
  EXPECT_EQ(bulkhead.figures().in_use, 0u);
}

TEST_F(BulkheadTest, WithoutAQueueNobodyWaits) {
  bulkhead.configure(of(1, 0));
  fill();
  EXPECT_EQ(ask(a, Criticality::critical), Verdict::full);
}

TEST_F(BulkheadTest, TellsOnceThatItIsFullAndOnceThatItHasRoomAgain) {
  fill();
  ask(a);
  ask(b);
  EXPECT_TRUE(events.empty()) << "waiting is no event";
  ask(c);
  ask(c);
  bulkhead.give_up(b, now);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0], "bulkhead of product.shop: room -> full: 2 in flight of at most 2, 2 wait");
  now += 9s;
  bulkhead.released(now);  // To a.
  bulkhead.released(now);
  EXPECT_EQ(events.size(), 1u) << "too soon to be sure";
  now += 1s;
  bulkhead.released(now);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1], "bulkhead of product.shop: full -> room: 3 were shed, none for 10s");
}

TEST_F(BulkheadTest, AnAdaptiveLimitFollowsWhatIsMeasured) {
  auto config = of(1000, 2);
  config.adaptive = AdaptiveLimitConfig{.min_concurrent = 2, .window = 100ms};
  bulkhead.configure(config);
  ASSERT_TRUE(bulkhead.adapts());
  const std::uint32_t before = bulkhead.figures().limit;
  ASSERT_LT(before, 1000u);
  fill();
  ask(a);
  for (int i = 0; i < 60; ++i) bulkhead.answered(10ms, now += 10ms);
  EXPECT_GT(bulkhead.figures().limit, before);
  EXPECT_EQ(inbox.take(), &a) << "a limit that grows wakes who waits";
}

// ---- Properties

struct Request final : BulkheadWaiter {
  using BulkheadWaiter::BulkheadWaiter;
  Criticality criticality{};
  int number = 0;
};

bool is_served_before(const Request& one, const Request& other, Order order) {
  if (&one == &other || one.criticality > other.criticality) return true;
  if (one.criticality < other.criticality) return false;
  return order == Order::fifo ? one.number < other.number : one.number > other.number;
}

// Random schedules of one worker: requests come, end, leave and time out, the limit changes.
class Schedule final {
 public:
  Schedule(std::uint64_t seed, Order order) : random_(seed), order_(order) {
    bulkhead_.configure(config());
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
      look();
    }
    while (held_ > 0 || !waiting_.empty()) {
      if (held_ > 0) release();
      look();
    }
    EXPECT_EQ(bulkhead_.figures().in_use, 0u);
    EXPECT_EQ(bulkhead_.figures().queued, 0u);
    EXPECT_GT(served_, 0) << "or it would prove nothing";
    EXPECT_GT(displaced_, 0);
  }

 private:
  BulkheadLimitConfig config() const {
    return {.max_concurrent = limit_, .max_queue = 4, .order = order_, .adaptive = {}};
  }

  void step() {
    switch (random_.below(8)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return come();
      case 4:
        if (held_ > 0) release();
        return;
      case 5:
        if (Request* const one = any()) leave(*one);
        return;
      case 6:
        if (Request* const one = any(); one != nullptr && bulkhead_.give_up(*one, start)) {
          std::erase(waiting_, one);
        }
        return;
      default:
        if (random_.below(8) == 0) change();
    }
  }

  void come() {
    if (bulkhead_.try_admit()) return granted();
    Request& one = all_.emplace_back(inbox_);
    one.criticality = static_cast<Criticality>(random_.below(3));
    one.number = ++came_;
    switch (bulkhead_.admit(one, one.criticality, start)) {
      case Verdict::granted:
        return granted();
      case Verdict::queued:
        waiting_.push_back(&one);
        return;
      case Verdict::full:
        return;
    }
  }
  void granted() {
    EXPECT_LT(held_, limit_);
    EXPECT_TRUE(waiting_.empty()) << "who waits is served first";
    ++held_;
  }
  void release() {
    --held_;
    bulkhead_.released(start);
  }
  void leave(Request& one) {
    bulkhead_.leave(one, start);
    std::erase(waiting_, &one);
  }
  void change() {
    limit_ = 1 + static_cast<std::uint32_t>(random_.below(6));
    bulkhead_.configure(config());
  }
  Request* any() { return waiting_.empty() ? nullptr : waiting_[random_.below(waiting_.size())]; }

  // Takes what the inbox has, and holds the laws against it.
  void look() {
    while (BulkheadWaiter* const told = inbox_.take()) {
      auto* const one = static_cast<Request*>(told);
      if (one->granted()) {
        for (const Request* const other : waiting_)
          EXPECT_TRUE(is_served_before(*one, *other, order_));
        ++held_;
        ++served_;
        EXPECT_LE(held_, limit_);
      } else {
        for (const Request* const other : waiting_) {
          EXPECT_GE(other->criticality, one->criticality);
        }
        ++displaced_;
      }
      std::erase(waiting_, one);
    }
    EXPECT_TRUE(waiting_.empty() || held_ >= limit_) << "somebody waits though there is room";
    EXPECT_EQ(bulkhead_.figures().in_use, held_);
    EXPECT_EQ(bulkhead_.figures().queued, waiting_.size());
  }
  Random random_;
  const Order order_;
  std::uint32_t limit_ = 3;
  std::uint32_t held_ = 0;
  int came_ = 0;
  int served_ = 0;
  int displaced_ = 0;
  BulkheadInbox inbox_{[] {}};
  std::deque<Request> all_;
  std::vector<Request*> waiting_;
  Bulkhead bulkhead_{"any", {}, {}};
};

TEST(BulkheadProperties, HoldInAnyScheduleInTheOrderOfComing) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    Schedule(seed, Order::fifo).run(1'000);
  }
}

TEST(BulkheadProperties, HoldInAnyScheduleWithTheNewestFirst) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    Schedule(seed, Order::lifo).run(1'000);
  }
}

// A worker of its own thread that works through its requests: some it answers, some leave.
class ThreadWorker final {
 public:
  ThreadWorker(Bulkhead& bulkhead, std::atomic<int>& in_flight, std::uint64_t seed)
      : bulkhead_(bulkhead), in_flight_(in_flight), random_(seed) {}

  void run(int requests) {
    while (requests > 0 || !waiting_.empty() || held_ > 0) {
      if (requests > 0 && waiting_.size() < 8) {
        --requests;
        come();
      }
      while (BulkheadWaiter* const told = inbox_.take()) take(static_cast<One&>(*told));
      if (!waiting_.empty() && random_.below(4) == 0) leave();
      if (held_ > 0 && random_.below(2) == 0) release();
    }
  }

  int most = 0;
  int served = 0;

 private:
  void come() {
    One& one = spare_.empty() ? all_.emplace_back(inbox_) : *spare_.back();
    if (!spare_.empty()) spare_.pop_back();
    const auto criticality = static_cast<Criticality>(random_.below(3));
    const Verdict verdict = bulkhead_.admit(one, criticality, start);
    if (verdict == Verdict::queued) return waiting_.push_back(&one);
    spare_.push_back(&one);
    if (verdict == Verdict::granted) hold();
  }
  void take(One& one) {
    std::erase(waiting_, &one);
    spare_.push_back(&one);
    if (one.granted()) hold();
  }
  void leave() {
    One& one = *waiting_.back();
    const bool gives_up = random_.below(2) == 0;
    if (gives_up && !bulkhead_.give_up(one, start)) return;
    if (!gives_up) bulkhead_.leave(one, start);
    waiting_.pop_back();
    spare_.push_back(&one);
  }
  void hold() {
    ++held_;
    ++served;
    most = std::max(most, in_flight_.fetch_add(1) + 1);
  }
  void release() {
    --held_;
    in_flight_.fetch_sub(1);
    bulkhead_.released(start);
  }

  Bulkhead& bulkhead_;
  std::atomic<int>& in_flight_;
  Random random_;
  BulkheadInbox inbox_{[] {}};  // It looks by itself.
  std::deque<One> all_;
  std::vector<One*> spare_;
  std::vector<One*> waiting_;
  int held_ = 0;
};

TEST(BulkheadProperties, HoldBetweenTwoThreads) {
  constexpr int limit = 3;
  Bulkhead bulkhead("any", {.max_concurrent = limit, .max_queue = 10, .adaptive = {}}, {});
  std::atomic<int> in_flight = 0;
  ThreadWorker here(bulkhead, in_flight, 1);
  ThreadWorker there(bulkhead, in_flight, 2);
  std::thread other([&there] { there.run(20'000); });
  here.run(20'000);
  other.join();
  EXPECT_LE(std::max(here.most, there.most), limit);
  EXPECT_GT(here.served + there.served, 0);  // Who of them is not ours to say.
  EXPECT_EQ(bulkhead.figures().in_use, 0u);
  EXPECT_EQ(bulkhead.figures().queued, 0u);
}

}  // namespace
}  // namespace skiff
