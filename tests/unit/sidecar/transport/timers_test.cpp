#include "sidecar/transport/timers.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

#include "base/random.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

const TimePoint start = TimePoint{} + 1h;

class Alarm final : public Timer {
 public:
  void expired(TimePoint now) override {
    rang.push_back(now);
    if (then) then();
  }

  std::vector<TimePoint> rang;
  std::function<void()> then;
};

TEST(Timers, RingsOnceWhenDueAndNotBefore) {
  Timers timers(start);
  Alarm alarm;
  timers.arm(alarm, start + 100ms);
  timers.advance(start + 99ms);
  EXPECT_TRUE(alarm.rang.empty());
  timers.advance(start + 100ms + 2 * Timers::tick_length);
  EXPECT_EQ(alarm.rang.size(), 1u);
  timers.advance(start + 1h);
  EXPECT_EQ(alarm.rang.size(), 1u);
}

TEST(Timers, ArmingAgainForLaterMovesIt) {
  Timers timers(start);
  Alarm alarm;
  timers.arm(alarm, start + 100ms);
  timers.arm(alarm, start + 300ms);
  timers.advance(start + 290ms);
  EXPECT_TRUE(alarm.rang.empty());
  timers.advance(start + 310ms);
  EXPECT_EQ(alarm.rang.size(), 1u);
}

TEST(Timers, ArmingAgainForEarlierMovesIt) {
  Timers timers(start);
  Alarm alarm;
  timers.arm(alarm, start + 10s);
  timers.arm(alarm, start + 20ms);
  timers.advance(start + 30ms);
  EXPECT_EQ(alarm.rang.size(), 1u);
}

TEST(Timers, DisarmedNeverRings) {
  Timers timers(start);
  Alarm alarm;
  timers.arm(alarm, start + 20ms);
  timers.disarm(alarm);
  timers.advance(start + 1h);
  EXPECT_TRUE(alarm.rang.empty());
}

TEST(Timers, WaitsLongerThanOneTurnOfTheWheel) {
  Timers timers(start);
  Alarm alarm;
  timers.arm(alarm, start + 1h);
  for (TimePoint now = start; now < start + 1h; now += 500ms) timers.advance(now);
  EXPECT_TRUE(alarm.rang.empty());
  timers.advance(start + 1h + 8ms);
  EXPECT_EQ(alarm.rang.size(), 1u);
}

TEST(Timers, CatchesUpAfterALongPause) {
  Timers timers(start);
  Alarm first;
  Alarm second;
  timers.arm(first, start + 1s);
  timers.arm(second, start + 20s);
  timers.advance(start + 1h);
  EXPECT_EQ(first.rang.size(), 1u);
  EXPECT_EQ(second.rang.size(), 1u);
}

TEST(Timers, ATimerMayDestroyAnotherOneThatIsDueAtTheSameTime) {
  Timers timers(start);
  Alarm first;
  auto second = std::make_unique<Alarm>();
  timers.arm(first, start + 20ms);
  timers.arm(*second, start + 20ms);
  first.then = [&] { second.reset(); };
  timers.advance(start + 1s);
  EXPECT_EQ(first.rang.size(), 1u);
}

TEST(Timers, ATimerMayArmItselfAgain) {
  Timers timers(start);
  Alarm alarm;
  alarm.then = [&] { timers.arm(alarm, alarm.rang.back() + 50ms); };
  timers.arm(alarm, start + 50ms);
  for (TimePoint now = start; now <= start + 1s; now += 5ms) timers.advance(now);
  EXPECT_GE(alarm.rang.size(), 15u);
  EXPECT_LE(alarm.rang.size(), 20u);
}

TEST(Timers, NextIsNeverLaterThanTheFirstThatIsDue) {
  Timers timers(start);
  EXPECT_EQ(timers.next(), TimePoint::max());
  Random random(7);
  std::vector<std::unique_ptr<Alarm>> alarms;
  TimePoint first = TimePoint::max();
  for (int i = 0; i < 50; ++i) {
    const TimePoint due = start + std::chrono::milliseconds(random.below(3000));
    first = std::min(first, due);
    timers.arm(*alarms.emplace_back(std::make_unique<Alarm>()), due);
    EXPECT_LE(timers.next(), first + Timers::tick_length);
  }
}

TEST(Timers, EachOfManyRingsInItsOwnTick) {
  Timers timers(start);
  Random random(11);
  std::vector<std::pair<TimePoint, std::unique_ptr<Alarm>>> alarms;
  for (int i = 0; i < 500; ++i) {
    const TimePoint due = start + std::chrono::milliseconds(random.below(20'000));
    alarms.emplace_back(due, std::make_unique<Alarm>());
    timers.arm(*alarms.back().second, due);
  }
  for (TimePoint now = start; now <= start + 21s; now += 1ms) timers.advance(now);
  for (const auto& [due, alarm] : alarms) {
    ASSERT_EQ(alarm->rang.size(), 1u);
    EXPECT_GE(alarm->rang.front(), due);
    EXPECT_LE(alarm->rang.front(), due + 2 * Timers::tick_length);
  }
}

}  // namespace
}  // namespace skiff
