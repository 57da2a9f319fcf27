#include "sidecar/app/policy_events.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "tests/support/manual_clock.h"

namespace skiff {
namespace {

// Takes the process log while it lives.
class TakenLog final {
 public:
  TakenLog() { log::set_output(file_); }
  ~TakenLog() {
    log::set_output(2);
    ::close(file_);
  }
  TakenLog(const TakenLog&) = delete;
  TakenLog& operator=(const TakenLog&) = delete;

  std::string text() const {
    std::string text(64 * 1024, '\0');
    const auto size = ::pread(file_, text.data(), text.size(), 0);
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }

 private:
  const int file_ = ::memfd_create("log", 0);
};

TEST(PolicyEvents, LogsAndCountsEachChange) {
  NamedCounters counters;
  const ManualClock clock;
  PolicyEvents events(counters, clock);
  const TakenLog log;
  const OnPolicyEvent tell = events.sink();
  for (int i = 0; i < 2; ++i) {
    tell({"circuit_breaker", "order.shop:80", "closed", "open", "12 of 20 calls failed"});
  }
  EXPECT_EQ(counters.transitions.at({"circuit_breaker", "order.shop:80", "closed", "open"}), 2u);
  EXPECT_NE(log.text().find(" info policy circuit_breaker of order.shop:80: closed -> open: "
                            "12 of 20 calls failed\n"),
            std::string::npos)
      << log.text();
}

TEST(PolicyEvents, CountsAnEndpointAsItsTarget) {
  NamedCounters counters;
  const ManualClock clock;
  PolicyEvents events(counters, clock);
  const TakenLog log;
  events.tell({"outlier_ejection", "order.shop:80 10.0.0.7:80", "in", "ejected", "5 in a row"});
  EXPECT_EQ(counters.transitions.at({"outlier_ejection", "order.shop:80", "in", "ejected"}), 1u);
  EXPECT_NE(log.text().find("order.shop:80 10.0.0.7:80"), std::string::npos) << log.text();
}

TEST(PolicyEvents, CountsAllAndLogsNotMoreThanCanBeRead) {
  NamedCounters counters;
  ManualClock clock;
  PolicyEvents events(counters, clock);
  const TakenLog log;
  const auto lines = [&log] {
    const std::string text = log.text();
    return std::count(text.begin(), text.end(), '\n');
  };
  for (int i = 0; i < 250; ++i) events.tell({"bulkhead", "order.shop", "room", "full", "again"});
  EXPECT_EQ(counters.transitions.at({"bulkhead", "order.shop", "room", "full"}), 250u);
  EXPECT_EQ(lines(), PolicyEvents::lines_per_second);
  clock.advance(std::chrono::seconds(1));
  for (int i = 0; i < 2; ++i) events.tell({"bulkhead", "order.shop", "full", "room", "at last"});
  EXPECT_NE(log.text().find("policy 150 changes of policies' states were too many to be told\n"),
            std::string::npos)
      << log.text();
  EXPECT_EQ(lines(), PolicyEvents::lines_per_second + 3);
}

}  // namespace
}  // namespace skiff
