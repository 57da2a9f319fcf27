#include "sidecar/balance/slow_start.h"

#include <gtest/gtest.h>

#include "tests/support/made_endpoints.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::MadeEndpoints;
using testing::start;

TEST(SlowStart, RisesInAStraightLine) {
  MadeEndpoints endpoints = MadeEndpoints::equal(2);
  endpoints[0].added = start;
  SlowStart slow_start({30s, Ratio{0.1}});
  slow_start.rebuild(endpoints.all());
  EXPECT_DOUBLE_EQ(slow_start.share(endpoints[0], start), 0.1);
  EXPECT_DOUBLE_EQ(slow_start.share(endpoints[0], start + 10s), 0.4);
  EXPECT_DOUBLE_EQ(slow_start.share(endpoints[0], start + 30s), 1);
  EXPECT_DOUBLE_EQ(slow_start.share(endpoints[0], start - 1s), 0.1);
  EXPECT_DOUBLE_EQ(slow_start.share(endpoints[1], start), 1) << "it is there for long";
}

TEST(SlowStart, IsOverWhenTheNewestHasGrown) {
  MadeEndpoints endpoints = MadeEndpoints::equal(3);
  endpoints[1].added = start;
  SlowStart slow_start({30s, Ratio{0.1}});
  slow_start.rebuild(endpoints.all());
  EXPECT_FALSE(slow_start.is_over(start + 30s - 1ms));
  EXPECT_TRUE(slow_start.is_over(start + 30s));
}

TEST(SlowStart, WithoutAWindowThereIsNone) {
  MadeEndpoints endpoints = MadeEndpoints::equal(1);
  endpoints[0].added = start;
  SlowStart slow_start({0s, Ratio{0.1}});
  slow_start.rebuild(endpoints.all());
  EXPECT_TRUE(slow_start.is_over(start));
}

TEST(SlowStart, AdmitsByTheShare) {
  MadeEndpoints endpoints = MadeEndpoints::equal(1);
  endpoints[0].added = start;
  SlowStart slow_start({30s, Ratio{0.1}});
  slow_start.rebuild(endpoints.all());
  Random random(1);
  int admitted = 0;
  for (int i = 0; i < 10'000; ++i)
    if (slow_start.admits(endpoints[0], start + 10s, random)) ++admitted;
  EXPECT_TRUE(testing::is_within_5_sigma(admitted, 10'000, 0.4)) << admitted;
}

}  // namespace
}  // namespace skiff
