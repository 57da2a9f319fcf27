#include "sidecar/simulate/agenda.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/random.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

class Entry final : public AgendaEntry {
 public:
  Entry(int number, std::vector<int>& occurred) : number_(number), occurred_(occurred) {}
  void occur(TimePoint) override { occurred_.push_back(number_); }

 private:
  const int number_;
  std::vector<int>& occurred_;
};

void run(Agenda& agenda) {
  while (!agenda.empty()) {
    AgendaEntry& entry = agenda.take_next();
    entry.occur(agenda.now());
  }
}

TEST(Agenda, LetsThingsOccurInTheOrderOfTheirTimes) {
  Agenda agenda;
  std::vector<int> occurred;
  Entry one(1, occurred);
  Entry two(2, occurred);
  Entry three(3, occurred);
  const TimePoint start = agenda.now();
  agenda.arm(one, start + 3s);
  agenda.arm(two, start + 1s);
  agenda.arm(three, start + 2s);
  EXPECT_EQ(agenda.next(), start + 1s);
  run(agenda);
  EXPECT_EQ(occurred, (std::vector{2, 3, 1}));
  EXPECT_EQ(agenda.now(), start + 3s);
}

TEST(Agenda, OfOneMomentTakesFirstWhatWasPutInFirst) {
  Agenda agenda;
  std::vector<int> occurred;
  std::vector<std::unique_ptr<Entry>> entries;
  for (int i = 0; i < 100; ++i) {
    agenda.arm(*entries.emplace_back(std::make_unique<Entry>(i, occurred)), agenda.now() + 1s);
  }
  run(agenda);
  EXPECT_TRUE(std::ranges::is_sorted(occurred));
  EXPECT_EQ(occurred.size(), 100);
}

TEST(Agenda, ForgetsWhatIsTakenOutOrDestroyed) {
  Agenda agenda;
  std::vector<int> occurred;
  Entry stays(1, occurred);
  Entry taken_out(2, occurred);
  agenda.arm(stays, agenda.now() + 1s);
  agenda.arm(taken_out, agenda.now() + 2s);
  {
    Entry destroyed(3, occurred);
    agenda.arm(destroyed, agenda.now() + 3s);
  }
  agenda.disarm(taken_out);
  agenda.disarm(taken_out);
  run(agenda);
  EXPECT_EQ(occurred, std::vector{1});
}

TEST(Agenda, MovesWhatIsArmedAgain) {
  Agenda agenda;
  std::vector<int> occurred;
  Entry one(1, occurred);
  Entry two(2, occurred);
  agenda.arm(one, agenda.now() + 1s);
  agenda.arm(two, agenda.now() + 2s);
  agenda.arm(one, agenda.now() + 3s);
  run(agenda);
  EXPECT_EQ(occurred, (std::vector{2, 1}));
}

TEST(Agenda, NeverGoesBackInTime) {
  Agenda agenda;
  std::vector<int> occurred;
  Entry late(1, occurred);
  agenda.pass(agenda.now() + 5s);
  const TimePoint now = agenda.now();
  agenda.arm(late, now - 3s);
  run(agenda);
  EXPECT_EQ(agenda.now(), now);
}

TEST(Agenda, KeepsItsOrderWhateverIsTakenOut) {
  Random random(7);
  Agenda agenda;
  std::vector<int> occurred;
  std::vector<std::unique_ptr<Entry>> entries;
  for (int i = 0; i < 1000; ++i) {
    entries.push_back(std::make_unique<Entry>(i, occurred));
    agenda.arm(*entries.back(), agenda.now() + Duration(random.below(1000)));
  }
  for (int i = 0; i < 500; ++i) agenda.disarm(*entries[random.below(entries.size())]);
  TimePoint before = agenda.now();
  while (!agenda.empty()) {
    agenda.take_next();
    EXPECT_GE(agenda.now(), before);
    before = agenda.now();
  }
}

}  // namespace
}  // namespace skiff
