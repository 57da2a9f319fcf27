#include "sidecar/pool/waiters.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"
#include "tests/support/recording_reply.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

class WaitersTest : public testing::Test {
 protected:
  void pass(Duration time) {
    clock.advance(time);
    loop.refresh_now();
    loop.run_due();
  }

  ManualClock clock;
  Loop loop{1, &clock};
  Counter waits, waiting;
  Exchange first, second;
  RecordingReply first_reply, second_reply;
  Waiters waiters{loop, waits, waiting};
};

TEST_F(WaitersTest, AreTakenInTheirOrder) {
  waiters.add(first, first_reply, 0s);
  waiters.add(second, second_reply, 0s);
  EXPECT_EQ(waiting.get(), 2u);
  EXPECT_EQ(&waiters.take().exchange, &first);
  EXPECT_EQ(first.pending, nullptr);
  EXPECT_EQ(&waiters.take().exchange, &second);
  EXPECT_EQ(waiting.get(), 0u);
  EXPECT_EQ(waits.get(), 2u);
}

TEST_F(WaitersTest, GiveUpAfterTheirLimitOnly) {
  waiters.add(first, first_reply, 1s);
  waiters.add(second, second_reply, 0s);
  pass(900ms);
  EXPECT_TRUE(first_reply.errors.empty());
  pass(200ms);
  ASSERT_EQ(first_reply.errors.size(), 1u);
  EXPECT_EQ(first_reply.errors[0].kind, ErrorKind::pool_timeout);
  EXPECT_TRUE(first_reply.errors[0].unprocessed);
  EXPECT_EQ(waiters.size(), 1u);
}

TEST_F(WaitersTest, WhoHasLeftDoesNotTimeOut) {
  waiters.add(first, first_reply, 1s);
  waiters.take();
  pass(2s);  // Before it was destroyed.
  EXPECT_TRUE(first_reply.errors.empty());
}

TEST_F(WaitersTest, AClientThatGoesAwayLeaves) {
  waiters.add(first, first_reply, 0s);
  first.pending->fail(first, {.kind = ErrorKind::client_gone});
  EXPECT_TRUE(waiters.empty());
  ASSERT_EQ(first_reply.errors.size(), 1u);
  EXPECT_EQ(first_reply.errors[0].kind, ErrorKind::client_gone);
}

// Comes back as soon as it has failed, as a retry does.
class ReturningReply final : public Reply {
 public:
  explicit ReturningReply(Waiters& waiters) : waiters_(waiters) {}
  void informational(Exchange&, Response&) override {}
  void answered(Exchange&, Response&) override {}
  void failed(Exchange& exchange, const Error&) override {
    ++failures;
    waiters_.add(exchange, *this, 0s);
  }

  int failures = 0;

 private:
  Waiters& waiters_;
};

TEST_F(WaitersTest, WhoComesBackIsNotFailedAgainAtOnce) {
  ReturningReply returning(waiters);
  waiters.add(first, returning, 0s);
  waiters.add(second, second_reply, 0s);
  waiters.fail_oldest(5, {.kind = ErrorKind::connect_failed});
  EXPECT_EQ(returning.failures, 1);
  EXPECT_EQ(second_reply.errors.size(), 1u);
  EXPECT_EQ(waiters.size(), 1u);
}

}  // namespace
}  // namespace skiff
