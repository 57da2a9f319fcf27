#include "sidecar/observe/cells.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

TEST(LatencyCells, HoldsEachValueBetweenItsBounds) {
  Random random(3);
  for (int i = 0; i < 100'000; ++i) {
    const Duration took(static_cast<std::int64_t>(random.next() >> (24 + random.below(40))));
    const std::size_t index = LatencyCells::index_of(took);
    ASSERT_LT(index, LatencyCells::size);
    ASSERT_LE(took, LatencyCells::upper_bound(index));
    if (index > 0) {
      ASSERT_GT(took, LatencyCells::upper_bound(index - 1)) << took.count();
    }
  }
}

TEST(LatencyCells, CountsABoundBelowAndTheNextValueAbove) {
  for (std::size_t i = 0; i + 1 < LatencyCells::size; ++i) {
    const Duration bound = LatencyCells::upper_bound(i);
    EXPECT_EQ(LatencyCells::index_of(bound), i);
    EXPECT_EQ(LatencyCells::index_of(bound + 1ns), i + 1);
  }
  EXPECT_EQ(LatencyCells::index_of(Duration::max()), LatencyCells::size - 1);
}

TEST(LatencyCells, KnowsAValueToAQuarterOfItself) {
  EXPECT_EQ(LatencyCells::upper_bound(3), 250us);
  EXPECT_GE(LatencyCells::upper_bound(LatencyCells::size - 2), 60s);
  for (std::size_t i = 4; i + 1 < LatencyCells::size; ++i) {
    const Duration low = LatencyCells::upper_bound(i - 1);
    EXPECT_LE((LatencyCells::upper_bound(i) - low) * 4, low) << i;
  }
}

TEST(LatencyCells, TakesNothingForNegativeTime) {
  LatencyCells cells;
  cells.add(-5ms);
  EXPECT_EQ(cells.count(0), 1u);
  EXPECT_EQ(cells.sum_nanoseconds(), 0u);
}

TEST(LatencyCells, SumsWhatItCounted) {
  LatencyCells cells;
  cells.add(1ms);
  cells.add(1ms);
  cells.add(2s);
  EXPECT_EQ(cells.count(LatencyCells::index_of(1ms)), 2u);
  EXPECT_EQ(cells.count(LatencyCells::index_of(2s)), 1u);
  EXPECT_EQ(cells.sum_nanoseconds(), 2'002'000'000u);
}

using Pairs = std::map<std::pair<unsigned, ErrorKind>, std::uint64_t>;

Pairs pairs_of(const ReasonCells& cells) {
  Pairs pairs;
  cells.for_each([&](unsigned status_class, ErrorKind reason, std::uint64_t count) {
    pairs[{status_class, reason}] += count;
  });
  return pairs;
}

TEST(ReasonCells, CountsByStatusClassAndReason) {
  ReasonCells cells;
  cells.add(5, ErrorKind::no_endpoint);
  cells.add(2, ErrorKind::client_gone);
  cells.add(5, ErrorKind::no_endpoint);
  cells.add(0, ErrorKind::none);
  EXPECT_EQ(pairs_of(cells), (Pairs{{{5, ErrorKind::no_endpoint}, 2},
                                    {{2, ErrorKind::client_gone}, 1},
                                    {{0, ErrorKind::none}, 1}}));
  EXPECT_EQ(cells.rest(), 0u);
}

TEST(ReasonCells, LosesNoCountWhenThePairsOutgrowIt) {
  ReasonCells cells;
  std::uint64_t added = 0;
  for (unsigned status_class = 0; status_class < 6; ++status_class) {
    for (std::size_t kind = 0; kind < static_cast<std::size_t>(ErrorKind::count_); ++kind) {
      cells.add(status_class, static_cast<ErrorKind>(kind));
      ++added;
    }
  }
  EXPECT_EQ(pairs_of(cells).size(), ReasonCells::size);
  EXPECT_EQ(pairs_of(cells).size() + cells.rest(), added);
}

TEST(StatusClass, IsTheFirstDigit) {
  EXPECT_EQ(status_class_of(0), 0u);
  EXPECT_EQ(status_class_of(101), 1u);
  EXPECT_EQ(status_class_of(499), 4u);
  EXPECT_EQ(status_class_of(599), 5u);
  EXPECT_EQ(status_class_of(999), 5u);
}

}  // namespace
}  // namespace skiff
