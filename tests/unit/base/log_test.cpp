#include "base/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <limits.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <thread>

namespace skiff {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

// Holds what the process log writes meanwhile, in a pipe.
class Log : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::pipe2(pipe_, O_NONBLOCK), 0);
    log::set_output(pipe_[1]);
    log::set_level(log::Level::info);
  }
  void TearDown() override {
    log::set_output(STDERR_FILENO);
    log::set_format(log::Format::text);
    log::set_level(log::Level::info);
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }

  std::string written() {
    std::string all;
    char part[4096];
    for (ssize_t size; (size = ::read(pipe_[0], part, sizeof part)) > 0;) all.append(part, size);
    return all;
  }

 private:
  int pipe_[2] = {-1, -1};
};

TEST_F(Log, WritesOneLineAnEvent) {
  log::warn(Component::pool, {{"endpoint", "10.0.0.7:80"}, {"attempts", 2}}, "{} refused",
            "backend");
  EXPECT_THAT(written(),
              MatchesRegex("20[0-9-]+T[0-9:]+\\.[0-9][0-9][0-9]Z warn pool backend refused "
                           "endpoint=10.0.0.7:80 attempts=2\n"));
}

TEST_F(Log, KeepsForeignTextOnItsLine) {
  log::error(Component::config, {{"path", "a b\n"}}, "no\n\x1b[2J{}", '\r');
  EXPECT_THAT(written(), HasSubstr("error config no\\n\\u001b[2J\\r path=\"a b\\n\"\n"));
}

TEST_F(Log, WritesJsonOnRequest) {
  log::set_format(log::Format::json);
  log::info(Component::health, {{"endpoint", "a\"b"}}, "is \"up\"");
  const auto line = boost::json::parse(written()).as_object();
  EXPECT_EQ(line.at("level"), "info");
  EXPECT_EQ(line.at("component"), "health");
  EXPECT_EQ(line.at("message"), "is \"up\"");
  EXPECT_EQ(line.at("endpoint"), "a\"b");
  EXPECT_EQ(line.at("time").as_string().size(), 24u);
}

TEST_F(Log, LeavesOutWhatIsBelowTheLevelOfItsComponent) {
  log::debug(Component::pool, "no");
  log::set_level(Component::pool, log::Level::debug);
  log::debug(Component::pool, "yes");
  log::debug(Component::health, "no");
  log::set_level(log::Level::off);
  log::error(Component::pool, "no");
  EXPECT_THAT(written(), MatchesRegex("[^\n]* debug pool yes\n"));
}

TEST_F(Log, NeverWaitsForItsReaderAndCountsWhatItDropped) {
  const std::string long_text(1000, 'x');
  for (int i = 0; i < 200; ++i) log::info(Component::sidecar, "{}", long_text);
  const std::string first = written();
  EXPECT_LT(first.size(), 100'000u) << "a pipe holds 64 KiB";
  EXPECT_EQ(first.back(), '\n') << "whole lines only";

  log::info(Component::sidecar, "again");
  EXPECT_THAT(written(), MatchesRegex("[^\n]* again\n[^\n]*dropped lines since_start=[0-9]+\n"));
  log::info(Component::sidecar, "once");
  EXPECT_THAT(written(), MatchesRegex("[^\n]* once\n"));
}

TEST_F(Log, CutsALineThatAPipeWouldNotTakeAtOnce) {
  log::info(Component::sidecar, "{}", std::string(3 * PIPE_BUF, 'x'));
  const std::string line = written();
  EXPECT_EQ(line.size(), static_cast<std::size_t>(PIPE_BUF));
  EXPECT_EQ(line.back(), '\n');
}

TEST_F(Log, TakesLinesAndLevelsFromAnyThread) {
  std::thread other([] {
    for (int i = 0; i < 50; ++i) log::info(Component::pool, "other");
  });
  for (int i = 0; i < 50; ++i) {
    log::set_level(Component::pool, i % 2 == 0 ? log::Level::warn : log::Level::info);
    log::info(Component::health, "one");
  }
  other.join();
  EXPECT_THAT(written(), HasSubstr(" one\n"));
}

TEST(LogNames, AreFoundAgain) {
  for (const auto name : log::component_names()) {
    EXPECT_EQ(log::to_text(*log::find_component(name)), name);
  }
  for (const auto name : log::level_names()) EXPECT_EQ(log::to_text(*log::find_level(name)), name);
  EXPECT_FALSE(log::find_level("warning"));
  EXPECT_FALSE(log::find_component(""));
}

}  // namespace
}  // namespace skiff
