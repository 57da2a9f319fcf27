#include "sidecar/observe/families.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

TEST(Families, PutAValueWhereItsTypeHasIt) {
  auto counter = counter_family("a_total", "A.");
  add_value(counter, 3, {{"x", "1"}});
  EXPECT_EQ(counter.type, prometheus::MetricType::Counter);
  EXPECT_EQ(counter.metric.at(0).counter.value, 3);
  EXPECT_EQ(counter.metric.at(0).label.at(0).value, "1");

  auto gauge = gauge_family("b", "B.");
  add_value(gauge, 4);
  EXPECT_EQ(gauge.metric.at(0).gauge.value, 4);
  EXPECT_EQ(histogram_family("c", "C.").type, prometheus::MetricType::Histogram);
}

TEST(Families, LeaveOutEmptyLabels) {
  EXPECT_EQ(labels_of({{"x", ""}, {"y", "1"}, {"", ""}}).size(), 1u);
}

}  // namespace
}  // namespace skiff
