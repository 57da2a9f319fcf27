#include "sidecar/observe/degraded.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

using namespace std::chrono_literals;

const TimePoint start = TimePoint{} + 1h;

// `METRIC TARGET KIND VALUE` lines.
std::string text_of(const DegradedCounters& counters) {
  std::vector<prometheus::MetricFamily> families;
  counters.collect(families);
  std::string text;
  for (const auto& family : families) {
    for (const auto& metric : family.metric) {
      text += family.name;
      for (const auto& label : metric.label) text += " " + label.value;
      text += " " + std::to_string(metric.counter.value) + "\n";
    }
  }
  return text;
}

double seconds_of(const DegradedCounters& counters) {
  std::vector<prometheus::MetricFamily> families;
  counters.collect(families);
  return families.at(1).metric.at(0).counter.value;
}

TEST(DegradedCounters, SaysNothingBeforeAnythingWasDegraded) {
  EXPECT_EQ(text_of(DegradedCounters()), "");
}

TEST(DegradedCounters, CountsEachTargetAndKindByItself) {
  DegradedCounters counters;
  counters.answered("a.shop", "cached", start);
  counters.answered("a.shop", "static", start);
  counters.answered("b.shop", "cached", start);
  EXPECT_EQ(text_of(counters),
            "skiff_fallback_answers_total a.shop cached 1.000000\n"
            "skiff_fallback_answers_total a.shop static 1.000000\n"
            "skiff_fallback_answers_total b.shop cached 1.000000\n"
            "skiff_degraded_seconds_total a.shop cached 1.000000\n"
            "skiff_degraded_seconds_total a.shop static 1.000000\n"
            "skiff_degraded_seconds_total b.shop cached 1.000000\n");
}

TEST(DegradedCounters, ManyAnswersWithinASecondAreNoLongerThanIt) {
  DegradedCounters counters;
  for (int i = 0; i <= 10; ++i) counters.answered("a", "cached", start + i * 100ms);
  EXPECT_DOUBLE_EQ(seconds_of(counters), 2);
}

TEST(DegradedCounters, APauseIsNotDegraded) {
  DegradedCounters counters;
  counters.answered("a", "cached", start);
  counters.answered("a", "cached", start + 1min);
  EXPECT_DOUBLE_EQ(seconds_of(counters), 2);
}

TEST(DegradedCounters, ALateReportAddsNothingThatIsCountedAlready) {
  DegradedCounters counters;
  counters.answered("a", "cached", start);
  counters.answered("a", "cached", start - 10ms);
  EXPECT_DOUBLE_EQ(seconds_of(counters), 1);
}

TEST(DegradedCounters, CountsWhatIsTooMuchTogether) {
  DegradedCounters counters;
  for (std::size_t i = 0; i < DegradedCounters::most + 5; ++i) {
    counters.answered("t" + std::to_string(i), "cached", start);
  }
  EXPECT_NE(text_of(counters).find("skiff_fallback_answers_total other other 5"),
            std::string::npos);
}

std::vector<std::string> told(DegradedCounters& counters, TimePoint now) {
  std::vector<std::string> lines;
  for (const auto& change : counters.take_changes(now)) {
    lines.push_back(change.target + (change.is_degraded ? " degraded: " : " normal: ") +
                    change.why);
  }
  return lines;
}

TEST(DegradedCounters, TellOnceThatATargetIsDegradedAndOnceThatItIsWell) {
  using Lines = std::vector<std::string>;
  DegradedCounters counters;
  EXPECT_EQ(told(counters, start), Lines());
  counters.answered("a.shop", "cached", start);
  counters.answered("a.shop", "static", start + 2500ms);
  EXPECT_EQ(told(counters, start + 3s), Lines{"a.shop degraded: answered by cached"});
  EXPECT_EQ(told(counters, start + 12s), Lines());
  EXPECT_EQ(told(counters, start + 13s),
            Lines{"a.shop normal: 2 answers of a fallback in 2.5s, none in the last 10s"});
  EXPECT_EQ(told(counters, start + 30s), Lines());
  counters.answered("a.shop", "cached", start + 40s);
  EXPECT_EQ(told(counters, start + 40s).size(), 1u);
}

}  // namespace
}  // namespace skiff
