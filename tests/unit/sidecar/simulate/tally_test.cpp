#include "sidecar/simulate/tally.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

using namespace std::chrono_literals;

TEST(LatencyHistogram, KnowsQuantilesToATwentieth) {
  LatencyHistogram latencies;
  for (int i = 1; i <= 1000; ++i) latencies.add(i * 1ms);
  EXPECT_EQ(latencies.count(), 1000);
  for (const double quantile : {0.1, 0.5, 0.9, 0.99, 1.0}) {
    const auto found = static_cast<double>(latencies.quantile(quantile).count()) / 1e9;
    EXPECT_NEAR(found, quantile, quantile / 20);
  }
}

TEST(LatencyHistogram, IsZeroWhereThereIsNothing) {
  EXPECT_EQ(LatencyHistogram().quantile(0.5), 0ns);
}

TEST(LatencyHistogram, TakesWhatIsBeyondItsEnds) {
  LatencyHistogram latencies;
  latencies.add(1ns);
  EXPECT_LT(latencies.quantile(1), 2us);
  latencies.add(1h);
  EXPECT_GT(latencies.quantile(1), 50s);
}

TEST(Tallies, AreKeptByTheSecondOfTheSending) {
  const TimePoint start{};
  Tallies tallies(start);
  tallies.at(start).sent = 1;
  tallies.at(start + 999ms).sent += 1;
  tallies.at(start + 2500ms).sent = 10;
  tallies.at(start + 2500ms).in_flight = 7;
  EXPECT_EQ(tallies.seconds().size(), 3);
  EXPECT_EQ(tallies.between(0s, 1s).sent, 2);
  EXPECT_EQ(tallies.between(1s, 3s).sent, 10);
  EXPECT_EQ(tallies.between(1s, 100s).in_flight, 7);
  EXPECT_EQ(tallies.between(5s, 100s).sent, 0);
  EXPECT_EQ(tallies.all().sent, 12);
}

TEST(Tally, AddsUp) {
  Tally one;
  one.sent = 10;
  one.succeeded = 9;
  one.failed = 1;
  one.reasons[ErrorKind::circuit_open] = 1;
  Tally other = one;
  other.add(one);
  EXPECT_EQ(other.sent, 20);
  EXPECT_EQ(other.success(), 0.9);
  EXPECT_EQ(other.failed_by(ErrorKind::circuit_open), 2);
  EXPECT_EQ(other.failed_by(ErrorKind::overload), 0);
  EXPECT_EQ(Tally().success(), 1) << "nobody asked";
}

}  // namespace
}  // namespace skiff
