#include "sidecar/observe/process_families.h"

#include <gtest/gtest.h>

#include <ctime>
#include <map>
#include <string>

namespace skiff {
namespace {

TEST(ProcessFamilies, TellOfThisProcess) {
  std::vector<prometheus::MetricFamily> families;
  collect_process(families);
  std::map<std::string, double> values;
  for (const auto& family : families) {
    const auto& metric = family.metric.at(0);
    values[family.name] =
        family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value;
  }
  EXPECT_GE(values.at("process_cpu_seconds_total"), 0);
  EXPECT_GT(values.at("process_resident_memory_bytes"), 1'000'000);
  EXPECT_GT(values.at("process_virtual_memory_bytes"), values.at("process_resident_memory_bytes"));
  EXPECT_GE(values.at("process_open_fds"), 3);
  EXPECT_GT(values.at("process_max_fds"), values.at("process_open_fds"));
  EXPECT_GT(values.at("process_start_time_seconds"), 1.7e9);
  EXPECT_LT(values.at("process_start_time_seconds"), static_cast<double>(std::time(nullptr)) + 2);
}

}  // namespace
}  // namespace skiff
