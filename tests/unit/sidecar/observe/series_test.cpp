#include "sidecar/observe/series.h"

#include <gtest/gtest.h>

#include <set>

namespace skiff {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start = TimePoint{} + 1h;

SeriesLabels route(std::string name, Direction direction = Direction::outbound) {
  return {direction, "order", "product.shop", std::move(name)};
}

std::set<std::string> routes_of(const SeriesTable& table) {
  std::set<std::string> names;
  for (const auto& series : table.all()) names.insert(series->labels().route);
  return names;
}

TEST(SeriesTable, FindsTheSameCellsForTheSameLabelsAndWorker) {
  SeriesTable table(2, 10);
  const auto cells = table.find_or_make(0, route("a/0"));
  EXPECT_EQ(table.find_or_make(0, route("a/0")), cells);
  EXPECT_NE(table.find_or_make(1, route("a/0")), cells);
  EXPECT_NE(table.find_or_make(0, route("a/1")), cells);
  EXPECT_NE(table.find_or_make(0, route("a/0", Direction::gateway)), cells);
}

TEST(SeriesTable, TellsLabelsApartThatJoinToTheSameText) {
  SeriesTable table(1, 10);
  EXPECT_NE(table.find_or_make(0, {Direction::inbound, "ab", "c", ""}),
            table.find_or_make(0, {Direction::inbound, "a", "bc", ""}));
}

TEST(SeriesTable, CountsWhatIsBeyondItsCapTogether) {
  SeriesTable table(1, 2);
  const auto first = table.find_or_make(0, route("a"));
  const auto second = table.find_or_make(0, route("b"));
  const auto other = table.find_or_make(0, route("c"));
  EXPECT_EQ(table.find_or_make(0, route("d")), other);
  EXPECT_NE(table.find_or_make(0, route("c", Direction::gateway)), other) << "by direction";
  EXPECT_EQ(table.find_or_make(0, route("a")), first) << "what is there is still found";
  EXPECT_EQ(table.dropped(), 3u);
  EXPECT_EQ(routes_of(table), (std::set<std::string>{"other", "a", "b"}));
}

TEST(SeriesTable, ForgetsWhatNobodyHoldsAndNothingHappensIn) {
  SeriesTable table(1, 10);
  table.find_or_make(0, route("a"))->started.add();
  table.find_or_make(0, route("a"))->finished.add();
  table.expire(start);
  table.expire(start + SeriesTable::idle_life - 1s);
  EXPECT_EQ(routes_of(table).count("a"), 1u);
  table.expire(start + SeriesTable::idle_life);
  EXPECT_EQ(routes_of(table), std::set<std::string>{"other"});
}

TEST(SeriesTable, KeepsWhatChangesOrIsHeldOrUnderWay) {
  SeriesTable table(2, 10);
  const auto held = table.find_or_make(0, route("held"));
  table.find_or_make(1, route("running"))->started.add();
  table.expire(start);
  for (int i = 1; i <= 5; ++i) {
    table.find_or_make(1, route("changing"))->started.add();
    table.find_or_make(1, route("changing"))->finished.add();
    table.expire(start + i * SeriesTable::idle_life);
  }
  EXPECT_EQ(routes_of(table), (std::set<std::string>{"changing", "held", "other", "running"}));
}

TEST(SeriesTable, BeginsToWaitWhenTheLastHolderLetsGo) {
  SeriesTable table(1, 10);
  auto held = table.find_or_make(0, route("a"));
  table.expire(start + SeriesTable::idle_life);
  held.reset();
  table.expire(start + 2 * SeriesTable::idle_life - 1s);
  EXPECT_EQ(routes_of(table).count("a"), 1u);
  table.expire(start + 2 * SeriesTable::idle_life);
  EXPECT_EQ(routes_of(table).count("a"), 0u);
}

TEST(SeriesTable, NeverForgetsTheSeriesOfOthers) {
  SeriesTable table(1, 0);
  table.find_or_make(0, route("a"));
  table.expire(start);
  table.expire(start + 10 * SeriesTable::idle_life);
  EXPECT_EQ(table.all().size(), directions);
}

TEST(Direction, HasAName) {
  EXPECT_EQ(to_text(Direction::inbound), "inbound");
  EXPECT_EQ(to_text(Direction::outbound), "outbound");
  EXPECT_EQ(to_text(Direction::gateway), "gateway");
}

}  // namespace
}  // namespace skiff
