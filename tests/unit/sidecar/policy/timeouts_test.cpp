#include "sidecar/policy/timeouts.h"

#include <gtest/gtest.h>

#include "tests/support/recording_reply.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

const TimePoint start = TimePoint{} + 1h;

class Sink final : public Forwarder {
 public:
  void forward(Exchange&, Reply&) override {}
};

Deadlines after(const TimeoutsConfig& config, const Deadlines& before = {}) {
  Exchange exchange;
  exchange.started = start;
  exchange.deadlines = before;
  RecordingReply reply;
  Sink inner;
  Timeouts(config, inner).forward(exchange, reply);
  return exchange.deadlines;
}

TEST(Timeouts, CountsTheRequestFromItsHead) {
  EXPECT_EQ(after({.request = 3s}).request, start + 3s);
}

TEST(Timeouts, ZeroIsNoLimit) {
  const Deadlines deadlines = after({.request = 0s, .response_headers = 0s, .stream_idle = 0s});
  EXPECT_EQ(deadlines.request, TimePoint::max());
  EXPECT_EQ(deadlines.response_headers, 0s);
  EXPECT_EQ(deadlines.stream_idle, 0s);
}

TEST(Timeouts, ARoutesOwnTimeoutWins) {
  const Deadlines by_route{.request = start + 1min, .request_by_route = true};
  EXPECT_EQ(after({.request = 3s}, by_route).request, start + 1min);
  const Deadlines none_by_route{.request_by_route = true};
  EXPECT_EQ(after({.request = 3s}, none_by_route).request, TimePoint::max());
}

TEST(Timeouts, SaysTheOtherLimits) {
  const Deadlines deadlines = after({.response_headers = 2s, .stream_idle = 7s});
  EXPECT_EQ(deadlines.response_headers, 2s);
  EXPECT_EQ(deadlines.stream_idle, 7s);
}

}  // namespace
}  // namespace skiff
