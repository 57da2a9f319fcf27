#include "sidecar/observe/access_logs.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/support/temporary_folder.h"

namespace skiff {
namespace {

using Mode = AccessLogConfig::Mode;

TEST(AccessLogs, AreNotThereWhenOff) {
  Metrics metrics({.workers = 1});
  const auto logs = make_access_logs({.mode = Mode::off, .path = "/no/such/folder"}, 1, metrics, 1);
  ASSERT_TRUE(logs);
  EXPECT_EQ(*logs, nullptr);
}

TEST(AccessLogs, SayWhyTheirFileCannotBeOpened) {
  Metrics metrics({.workers = 1});
  EXPECT_FALSE(make_access_logs({.mode = Mode::all, .path = "/no/such/folder"}, 1, metrics, 1));
}

TEST(AccessLogs, GatherTheLinesOfEachWorker) {
  const test::TemporaryFolder folder;
  const std::string file = folder.path() + "/access.log";
  Metrics metrics({.workers = 2});
  const auto logs = make_access_logs(
      {.mode = Mode::all, .format = AccessLogConfig::Format::text, .path = file}, 2, metrics, 1);
  ASSERT_TRUE(logs);
  for (const auto& worker : (*logs)->workers) worker->write({.path = "/a"});
  EXPECT_TRUE((*logs)->writer->flush());

  std::ifstream stream(file);
  EXPECT_EQ(std::count(std::istreambuf_iterator<char>(stream), {}, '\n'), 2);
  EXPECT_EQ(metrics.worker(1).counters[CounterId::access_log_lines_written].get(), 1u);
}

}  // namespace
}  // namespace skiff
