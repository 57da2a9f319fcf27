#include "sidecar/policy/pauses.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/manual_clock.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

class Waiter final : public Pauses::Waiter {
 public:
  void pause_over(Exchange& exchange) override {
    told.push_back("over");
    EXPECT_EQ(exchange.pending, nullptr);
    if (again != nullptr) again->wait(exchange, due, *this);
    again = nullptr;
  }
  void pause_broken(Exchange& exchange, const Error& error) override {
    told.emplace_back(about(error.kind).reason);
    EXPECT_EQ(exchange.pending, nullptr);
  }

  std::vector<std::string> told;
  Pauses* again = nullptr;
  TimePoint due{};
};

class PausesTest : public testing::Test {
 protected:
  void advance(Duration by) {
    clock.advance(by);
    loop.refresh_now();
    loop.run_due();
  }
  TimePoint in(Duration time) const { return clock.now() + time; }

  using Told = std::vector<std::string>;
  ManualClock clock;
  Loop loop{1, &clock};
  Pauses pauses{loop};
  Exchange exchange;
  Waiter waiter;
};

TEST_F(PausesTest, EndAtTheirTimeAndNotBefore) {
  pauses.wait(exchange, in(100ms), waiter);
  EXPECT_NE(exchange.pending, nullptr);
  advance(99ms);
  EXPECT_TRUE(waiter.told.empty());
  advance(20ms);
  EXPECT_EQ(waiter.told, Told{"over"});
  EXPECT_EQ(pauses.waiting(), 0u);
}

TEST_F(PausesTest, BreakWhenTheExchangeIsGivenUp) {
  pauses.wait(exchange, in(100ms), waiter);
  exchange.pending->fail(exchange, {.kind = ErrorKind::client_gone});
  EXPECT_EQ(waiter.told, Told{"client_gone"});
  advance(1s);
  EXPECT_EQ(waiter.told, Told{"client_gone"});
}

TEST_F(PausesTest, ThatWatchLeaveWhatIsPendingAlone) {
  pauses.watch(exchange, in(10ms), waiter);
  EXPECT_EQ(exchange.pending, nullptr);
  advance(20ms);
  EXPECT_EQ(waiter.told, Told{"over"});
}

TEST_F(PausesTest, ThatWereEndedTellNobody) {
  Pauses::Pause& watched = pauses.watch(exchange, in(10ms), waiter);
  EXPECT_EQ(pauses.waiting(), 1u);
  pauses.end(watched);
  EXPECT_EQ(pauses.waiting(), 0u);
  advance(1s);
  EXPECT_TRUE(waiter.told.empty());
}

TEST_F(PausesTest, MayFollowEachOther) {
  waiter.again = &pauses;
  waiter.due = in(200ms);
  pauses.wait(exchange, in(100ms), waiter);
  advance(120ms);
  EXPECT_NE(exchange.pending, nullptr);
  advance(100ms);
  EXPECT_EQ(waiter.told, (Told{"over", "over"}));
}

TEST_F(PausesTest, OfManyEachEndAtItsOwnTime) {
  std::vector<std::unique_ptr<Exchange>> exchanges;
  for (int i = 0; i < 100; ++i) {
    exchanges.push_back(std::make_unique<Exchange>());
    pauses.wait(*exchanges.back(), in(i * 10ms + 5ms), waiter);
  }
  advance(500ms);
  EXPECT_NEAR(static_cast<double>(waiter.told.size()), 50, 1);
  advance(600ms);
  EXPECT_EQ(waiter.told.size(), 100u);
  EXPECT_EQ(pauses.waiting(), 0u);
}

}  // namespace
}  // namespace skiff
