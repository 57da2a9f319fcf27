#include "sidecar/policy/deadline.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/manual_clock.h"
#include "tests/support/recording_reply.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

// Answers after a time that a test sets.
class Slow final : public Forwarder {
 public:
  explicit Slow(ManualClock& clock) : clock_(clock) {}

  void forward(Exchange& exchange, Reply& reply) override {
    ++calls;
    clock_.advance(takes);
    Response response;
    response.status = status;
    reply.answered(exchange, response);
  }

  Duration takes{};
  std::uint16_t status = 200;
  int calls = 0;

 private:
  ManualClock& clock_;
};

class DeadlineTest : public testing::Test {
 protected:
  DeadlineTest() {
    exchange.started = clock.now();
    exchange.deadlines.request = exchange.started + 15s;
    exchange.marks.route = "checkout.shop/0";
  }
  ~DeadlineTest() override { exchange.finish({}); }

  Headers& headers() { return exchange.request.headers; }
  void says(std::string_view name, std::string_view value) {
    headers().add(exchange.arena, name, value);
  }
  void forward() { deadline.forward(exchange, reply); }
  Duration left() const { return exchange.deadlines.request - exchange.started; }
  Duration told() const { return exchange.deadlines.told - exchange.started; }

  // One whole request with so much time; what became of it.
  ErrorKind ask(std::string_view ms) {
    Exchange one;
    one.started = clock.now();
    one.deadlines.request = one.started + 15s;
    one.marks.route = "checkout.shop/0";
    one.request.headers.add(one.arena, "x-skiff-deadline-ms", ms);
    RecordingReply told_to;
    deadline.forward(one, told_to);
    one.finish({});
    return told_to.errors.empty() ? ErrorKind::none : told_to.errors[0].kind;
  }

  ManualClock clock;
  Slow inner{clock};
  Deadline deadline{true, clock, inner};
  Exchange exchange;
  RecordingReply reply;
};

TEST_F(DeadlineTest, IsOursWhereTheCallerSaysNone) {
  forward();
  EXPECT_EQ(left(), 15s);
  EXPECT_EQ(told(), 15s);
  EXPECT_FALSE(exchange.deadlines.of_caller);
}

TEST_F(DeadlineTest, IsTheCallersWhereThatIsEarlier) {
  says("x-skiff-deadline-ms", "2000");
  forward();
  EXPECT_EQ(left(), 2s);
  EXPECT_EQ(told(), 2s);
  EXPECT_EQ(exchange.deadlines.request_reason(), ErrorKind::timeout_deadline);
  EXPECT_EQ(headers().find("x-skiff-deadline-ms"), nullptr) << "it is said anew as it leaves";
}

TEST_F(DeadlineTest, NeverGrows) {
  says("x-skiff-deadline-ms", "60000");
  forward();
  EXPECT_EQ(left(), 15s);
  EXPECT_EQ(told(), 15s);
  EXPECT_FALSE(exchange.deadlines.of_caller);
}

TEST_F(DeadlineTest, IgnoresWhatIsMalformed) {
  for (const char* text : {"", "-5", "1.5", "2s", "99999999999999999999999", " 7"}) {
    says("x-skiff-deadline-ms", text);
    forward();
    EXPECT_EQ(left(), 15s) << text;
    EXPECT_EQ(headers().find("x-skiff-deadline-ms"), nullptr);
  }
}

TEST_F(DeadlineTest, TakesATimeBeyondAllMeasureForOurs) {
  says("x-skiff-deadline-ms", "18446744073709551615");
  forward();
  EXPECT_EQ(left(), 15s);
}

TEST_F(DeadlineTest, ReadsTheTimeoutOfGrpc) {
  says("content-type", "application/grpc");
  says("grpc-timeout", "300m");
  says("x-skiff-deadline-ms", "500");
  forward();
  EXPECT_EQ(left(), 300ms);
  EXPECT_EQ(told(), 300ms);
  EXPECT_TRUE(exchange.deadlines.told_grpc);
  EXPECT_EQ(headers().find("grpc-timeout"), nullptr);
}

TEST_F(DeadlineTest, LeavesTheTimeoutOfGrpcToOthersThanGrpc) {
  says("grpc-timeout", "300m");
  forward();
  EXPECT_EQ(left(), 15s);
  EXPECT_NE(headers().find("grpc-timeout"), nullptr);
}

TEST_F(DeadlineTest, TellsOfACallOfGrpcOnlyWhatItsCallerSaid) {
  says("content-type", "application/grpc");
  forward();
  EXPECT_EQ(left(), 15s);
  EXPECT_EQ(exchange.deadlines.told, TimePoint::max()) << "it may be a stream, and outlast ours";
}

TEST_F(DeadlineTest, FailsWhatComesTooLate) {
  says("x-skiff-deadline-ms", "0");
  forward();
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::timeout_deadline);
  EXPECT_EQ(inner.calls, 0) << "nothing is executed after the caller has given up";
}

TEST_F(DeadlineTest, GivesUpLaterThanTheCallersSidecarBesideTheApplication) {
  Deadline beside(false, clock, inner);
  says("x-skiff-deadline-ms", "2000");
  beside.forward(exchange, reply);
  EXPECT_GT(left(), 2s);
  EXPECT_EQ(told(), 2s) << "but tells nobody more than it was told";
}

TEST_F(DeadlineTest, RefusesWhatHasLessTimeThanHalfOfItsRouteNeeded) {
  inner.takes = 100ms;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ask("1000"), ErrorKind::none);
  clock.advance(LatencyWindow::fresh_for);
  EXPECT_EQ(ask("50"), ErrorKind::deadline_short);
  EXPECT_EQ(inner.calls, 20);
  EXPECT_EQ(ask("150"), ErrorKind::none);
}

TEST_F(DeadlineTest, RefusesNobodyWhereNothingIsKnownAnyMore) {
  inner.takes = 100ms;
  for (int i = 0; i < 20; ++i) ask("1000");
  clock.advance(1s);
  EXPECT_EQ(ask("50"), ErrorKind::deadline_short);
  clock.advance(2 * LatencyWindow::half);
  EXPECT_EQ(ask("50"), ErrorKind::none) << "it may be fast again, and refusing would never tell";
}

TEST_F(DeadlineTest, LearnsNothingFromFailures) {
  inner.takes = 100ms;
  inner.status = 503;
  for (int i = 0; i < 40; ++i) ask("1000");
  clock.advance(1s);
  EXPECT_EQ(ask("50"), ErrorKind::none);
}

TEST_F(DeadlineTest, KnowsWhichAttemptOfTheCallersItIs) {
  says("x-skiff-attempt", "3");
  forward();
  EXPECT_EQ(exchange.caller_attempt, 3);
  EXPECT_EQ(headers().find("x-skiff-attempt"), nullptr);
}

TEST_F(DeadlineTest, TakesNoAttemptForTheFirstWhereItIsMalformed) {
  for (const char* text : {"0", "two", "-1", ""}) {
    says("x-skiff-attempt", text);
    forward();
    EXPECT_EQ(exchange.caller_attempt, 1) << text;
  }
}

}  // namespace
}  // namespace skiff
