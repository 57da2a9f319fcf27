#include "sidecar/observe/counters.h"

#include <gtest/gtest.h>

#include <set>

namespace skiff {
namespace {

TEST(Counters, HaveNamesAsPrometheusWantsThem) {
  for (const CounterInfo& info : all_counters()) {
    EXPECT_TRUE(info.metric.starts_with("skiff_")) << info.metric;
    EXPECT_EQ(info.metric.ends_with("_total"), info.type == CounterInfo::Type::counter)
        << info.metric;
    EXPECT_TRUE(info.help.ends_with(".")) << info.metric;
    EXPECT_EQ(info.label.empty(), info.value.empty()) << info.metric;
  }
}

TEST(Counters, KeepTheRowsOfAMetricTogetherAndApart) {
  std::set<std::string_view> seen;
  std::set<std::pair<std::string_view, std::string_view>> values;
  std::string_view last;
  for (const CounterInfo& info : all_counters()) {
    if (info.metric != last) {
      EXPECT_TRUE(seen.insert(info.metric).second) << info.metric;
    }
    EXPECT_TRUE(values.emplace(info.metric, info.value).second) << info.metric;
    last = info.metric;
  }
}

TEST(CounterSet, CountsEachForItself) {
  CounterSet counters;
  counters[CounterId::idle_races].add();
  counters[CounterId::pool_waiting].add(5);
  counters[CounterId::pool_waiting].subtract(2);
  EXPECT_EQ(counters[CounterId::idle_races].get(), 1u);
  EXPECT_EQ(counters[CounterId::pool_waiting].get(), 3u);
  EXPECT_EQ(counters[CounterId::pool_waits].get(), 0u);
}

}  // namespace
}  // namespace skiff
