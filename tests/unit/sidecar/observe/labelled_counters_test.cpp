#include "sidecar/observe/labelled_counters.h"

#include <gtest/gtest.h>

#include <thread>

namespace skiff {
namespace {

std::string text_of(const LabelledCounters& counters) {
  std::vector<prometheus::MetricFamily> families;
  counters.collect(families);
  std::string text;
  for (const auto& family : families) {
    for (const auto& metric : family.metric) {
      text += family.name;
      for (const auto& label : metric.label) text += " " + label.name + "=" + label.value;
      text += " " + std::to_string(static_cast<long>(metric.counter.value)) + "\n";
    }
  }
  return text;
}

TEST(LabelledCounters, CountsEachSetOfValuesByItself) {
  LabelledCounters counters("skiff_x_total", "help", {"policy", "rule"}, 10);
  ++counters.at({"shop/a", "one"});
  ++counters.at({"shop/a", "one"});
  ++counters.at({"shop/b", ""});
  EXPECT_EQ(text_of(counters),
            "skiff_x_total policy=shop/a rule=one 2\nskiff_x_total policy=shop/b 1\n");
}

TEST(LabelledCounters, ShowsWhatItCountsInItsUnit) {
  LabelledCounters counters("skiff_x_seconds_total", "help", {"a"}, 10, 1e-9);
  counters.at({"b"}) += 7'500'000'000;
  EXPECT_EQ(text_of(counters), "skiff_x_seconds_total a=b 7\n");
}

TEST(LabelledCounters, SaysNothingBeforeAnythingWasCounted) {
  EXPECT_EQ(text_of(LabelledCounters("skiff_x_total", "help", {"a"}, 10)), "");
}

TEST(LabelledCounters, CountsWhatIsTooMuchTogether) {
  LabelledCounters counters("skiff_x_total", "help", {"address"}, 2);
  for (const char* value : {"1", "2", "3", "4", "1"}) ++counters.at({value});
  EXPECT_EQ(text_of(counters),
            "skiff_x_total address=1 2\nskiff_x_total address=2 1\n"
            "skiff_x_total address=other 2\n");
}

TEST(LabelledCounters, MayBeUsedByManyThreads) {
  LabelledCounters counters("skiff_x_total", "help", {"a"}, 10);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&counters] {
      for (int n = 0; n < 1000; ++n) ++counters.at({"x"});
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(text_of(counters), "skiff_x_total a=x 4000\n");
}

}  // namespace
}  // namespace skiff
