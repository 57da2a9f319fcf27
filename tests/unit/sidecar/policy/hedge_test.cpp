#include "sidecar/policy/hedge.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "tests/support/fake_client.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_reply.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

// One attempt that a test answers or fails when it wants, as a connection would.
class Attempt final : public Pending, public BodySink, public BodySource, public EndHook {
 public:
  Attempt(Exchange& its, Reply& to) : exchange(its), reply(to) {
    ++its.marks.attempts;
    its.pending = this;
    its.backend_sink = this;
    its.backend_source = this;
    its.at_end(*this);
    if (has_body(its.request) && its.client_source != nullptr) its.client_source->resume();
  }

  void answer(std::uint16_t status = 200) {
    answered = true;
    Response response;
    response.status = status;
    response.headers.add(exchange.arena, "x-from", "backend");
    reply.answered(exchange, response);
  }
  void say(std::string_view text) {
    exchange.client_sink->data(text);
    exchange.client_sink->flush();
  }
  void finish() {
    leave();
    BodySink& client = *exchange.client_sink;
    client.end({});
    client.flush();
  }
  void fail(Exchange&, const Error& error) override {
    failed_with = error.kind;
    leave();
    answered ? exchange.client_sink->abort(error) : reply.failed(exchange, error);
  }
  void ended(Exchange&, const Error&) override { ++ends; }
  void data(std::string_view bytes) override { body += bytes; }
  void end(const Headers&) override { body += '.'; }
  void abort(const Error&) override {}
  bool flush() override { return true; }
  void resume() override { ++resumed; }

  Exchange& exchange;
  Reply& reply;
  std::string body;
  ErrorKind failed_with = ErrorKind::none;
  bool over = false;
  int ends = 0;
  int resumed = 0;
  bool answered = false;

 private:
  void leave() {
    over = true;
    exchange.pending = nullptr, exchange.backend_sink = nullptr, exchange.backend_source = nullptr;
  }
};

class Backends final : public Forwarder {
 public:
  void forward(Exchange& exchange, Reply& reply) override {
    attempts.push_back(std::make_unique<Attempt>(exchange, reply));
  }
  std::vector<std::unique_ptr<Attempt>> attempts;
};

class HedgeTest : public testing::Test {
 protected:
  HedgeTest() {
    RetryConfig config;
    config.hedging = HedgingConfig{};
    hedge.configure(config);
    for (int i = 0; i < 20; ++i) serve_one(10ms);
    inner.attempts.clear();
    advance(LatencyWindow::fresh_for);
  }
  ~HedgeTest() override { exchange.finish({}); }

  void serve_one(Duration takes) {
    Exchange one;
    FakeClient its_client;
    one.client_sink = &its_client;
    RecordingReply to;
    hedge.forward(one, to);
    advance(takes);
    inner.attempts.back()->answer();
    one.finish({});
  }
  void advance(Duration by) {
    clock.advance(by);
    loop.refresh_now();
    loop.run_due();
    loop.io().restart();
    loop.io().poll();
  }
  void send() {
    exchange.client_sink = &client;
    hedge.forward(exchange, reply);
  }
  Attempt& first() { return *inner.attempts.at(0); }
  Attempt& second() { return *inner.attempts.at(1); }

  ManualClock clock;
  Loop loop{1, &clock};
  Pauses pauses{loop};
  RetryBudget budget;
  HedgeCounts counts;
  Backends inner;
  Hedge hedge{{loop, pauses, budget, counts}, inner};
  Exchange exchange;
  FakeClient client;
  RecordingReply reply;
};

TEST_F(HedgeTest, LeavesAloneWhatIsAnsweredSoon) {
  send();
  advance(5ms);
  first().answer();
  advance(1s);
  EXPECT_EQ(inner.attempts.size(), 1u);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(pauses.waiting(), 0u);
}

TEST_F(HedgeTest, SendsOnceMoreWhatTakesLong) {
  send();
  advance(30ms);
  ASSERT_EQ(inner.attempts.size(), 2u);
  EXPECT_EQ(budget.granted(), 1u);
  EXPECT_EQ(counts.sent, 1u);
  EXPECT_EQ(second().exchange.caller_attempt, 2) << "the next hop sees a second attempt";
  advance(10s);
  EXPECT_EQ(inner.attempts.size(), 2u) << "at most one extra";
}

TEST_F(HedgeTest, CancelsTheSecondWhereTheFirstAnswers) {
  send();
  advance(30ms);
  first().answer();
  EXPECT_EQ(second().failed_with, ErrorKind::hedge_lost);
  EXPECT_EQ(second().ends, 1) << "its permits are free";
  EXPECT_EQ(reply.status, 200);
  first().say("body");
  first().finish();
  EXPECT_EQ(client.body, "body");
}

TEST_F(HedgeTest, CancelsTheFirstWhereTheSecondAnswers) {
  send();
  advance(30ms);
  second().answer(201);
  EXPECT_EQ(first().failed_with, ErrorKind::hedge_lost);
  EXPECT_EQ(reply.status, 201);
  EXPECT_TRUE(reply.errors.empty());
  EXPECT_EQ(reply.fields, "x-from: backend\n");
  second().say("one");
  exchange.backend_source->resume();
  EXPECT_EQ(second().resumed, 1);
  second().say("two");
  second().finish();
  EXPECT_EQ(client.body, "onetwo");
  EXPECT_TRUE(client.ended);
  EXPECT_EQ(counts.won, 1u);
  EXPECT_EQ(exchange.pending, nullptr);
  EXPECT_EQ(second().ends, 0) << "held until the exchange is over";
  exchange.finish({});
  EXPECT_EQ(second().ends, 1);
  EXPECT_EQ(first().ends, 1);
}

TEST_F(HedgeTest, BreaksOffWhereTheWinnerDoes) {
  send();
  advance(30ms);
  second().answer();
  second().fail(second().exchange, {.kind = ErrorKind::upstream_reset});
  EXPECT_EQ(client.aborted_with, ErrorKind::upstream_reset);
}

TEST_F(HedgeTest, CancelsTheWinnerWhenTheClientLeaves) {
  send();
  advance(30ms);
  second().answer();
  exchange.pending->fail(exchange, {.kind = ErrorKind::client_gone});
  EXPECT_EQ(second().failed_with, ErrorKind::client_gone);
  EXPECT_EQ(client.aborted_with, ErrorKind::client_gone);
}

TEST_F(HedgeTest, CancelsBothWhenTheClientLeaves) {
  send();
  advance(30ms);
  exchange.pending->fail(exchange, {.kind = ErrorKind::client_gone});
  EXPECT_EQ(first().failed_with, ErrorKind::client_gone);
  EXPECT_EQ(second().failed_with, ErrorKind::hedge_lost);
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::client_gone);
}

TEST_F(HedgeTest, WaitsForTheSecondWhereTheFirstFails) {
  send();
  advance(30ms);
  first().fail(exchange, {.kind = ErrorKind::upstream_reset});
  EXPECT_TRUE(reply.errors.empty());
  second().answer();
  EXPECT_EQ(reply.status, 200);
}

TEST_F(HedgeTest, FailsAsTheFirstWhereBothFail) {
  send();
  advance(30ms);
  first().fail(exchange, {.kind = ErrorKind::upstream_reset});
  second().fail(second().exchange, {.kind = ErrorKind::connect_failed});
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::upstream_reset);
  EXPECT_EQ(exchange.pending, nullptr);
}

TEST_F(HedgeTest, GoesOnWithTheFirstWhereTheSecondFails) {
  send();
  advance(30ms);
  second().fail(second().exchange, {.kind = ErrorKind::upstream_reset});
  EXPECT_TRUE(reply.errors.empty());
  first().answer();
  EXPECT_EQ(reply.status, 200);
}

TEST_F(HedgeTest, EndsWithTheDeadlineWhileTheSecondAloneIsWaitedFor) {
  send();
  advance(30ms);
  first().fail(exchange, {.kind = ErrorKind::upstream_reset});
  exchange.pending->fail(exchange, {.kind = ErrorKind::timeout_request});
  EXPECT_EQ(second().failed_with, ErrorKind::hedge_lost);
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::timeout_request);
}

TEST_F(HedgeTest, GivesTheSecondTheWholeBody) {
  exchange.request.method = Method::put;
  exchange.request.body = BodyKind::length;
  exchange.request.content_length = 6;
  exchange.keep_for_replay("abc");
  exchange.keep_for_replay("def");
  exchange.request_ended = true;
  FakeClient source;
  exchange.client_source = &source;
  send();
  advance(30ms);
  advance(1ms);
  EXPECT_EQ(second().body, "abcdef.");
}

TEST_F(HedgeTest, NeedsTheWholeBody) {
  exchange.request.method = Method::put;
  exchange.request.body = BodyKind::length;
  exchange.request.content_length = 6;
  FakeClient source;
  exchange.client_source = &source;
  send();
  advance(1s);
  EXPECT_EQ(inner.attempts.size(), 1u);
}

TEST_F(HedgeTest, NeverDoesTwiceWhatMustNotBe) {
  exchange.request.method = Method::post;
  send();
  advance(1s);
  EXPECT_EQ(inner.attempts.size(), 1u);
}

TEST_F(HedgeTest, LeavesHedgingToTheSidecarInFrontThatDoesIt) {
  exchange.caller_attempt = 2;
  send();
  advance(1s);
  EXPECT_EQ(inner.attempts.size(), 1u);
}

TEST_F(HedgeTest, AsksTheBudget) {
  budget.configure({.ratio = Ratio{0}, .min_per_second = 0});
  send();
  advance(1s);
  EXPECT_EQ(inner.attempts.size(), 1u);
  EXPECT_EQ(budget.refused(), 1u);
}

TEST_F(HedgeTest, WaitsForAsLongAsIsSaidAtLeast) {
  RetryConfig of_route;
  of_route.hedging = HedgingConfig{.least = 500ms};
  exchange.retry = &of_route;
  send();
  advance(499ms);
  EXPECT_EQ(inner.attempts.size(), 1u);
  advance(20ms);
  EXPECT_EQ(inner.attempts.size(), 2u);
}

TEST_F(HedgeTest, IsOffWithAllRetries) {
  RetryConfig config;
  config.hedging = HedgingConfig{};
  config.attempts = 0;
  hedge.configure(config);
  send();
  advance(10s);
  EXPECT_EQ(inner.attempts.size(), 1u);
}

TEST_F(HedgeTest, IsOffWhereNobodyAsks) {
  hedge.configure({});
  send();
  advance(10s);
  EXPECT_EQ(inner.attempts.size(), 1u);
  EXPECT_EQ(&inner.attempts[0]->reply, &reply);
}

TEST_F(HedgeTest, LeavesNothingBehindWhereTheExchangeIsCutShort) {
  send();
  advance(30ms);
  exchange.finish({.kind = ErrorKind::draining});
  EXPECT_EQ(second().failed_with, ErrorKind::hedge_lost);
  EXPECT_EQ(second().ends, 1);
  EXPECT_EQ(pauses.waiting(), 0u);
}

// Notes how many attempts there were at the very end.
class AtTheEnd final : public EndHook {
 public:
  void ended(Exchange& exchange, const Error&) override { attempts = exchange.marks.attempts; }
  std::size_t attempts = 0;
};

// Whatever is answered, fails and is left in whatever order: one answer or one error for each
// request, every attempt ends once, and all of them are counted.
TEST_F(HedgeTest, AddsUpWhateverHappens) {
  Random random(23);
  std::size_t hedged = 0;
  for (int round = 0; round < 2'000; ++round) {
    inner.attempts.clear();
    Exchange one;
    FakeClient its_client;
    RecordingReply to;
    AtTheEnd at_end;
    one.client_sink = &its_client;
    one.at_end(at_end);
    hedge.forward(one, to);
    const auto is_told = [&] { return to.status.has_value() || !to.errors.empty(); };
    while (!is_told()) {
      advance(std::chrono::milliseconds(random.below(20)));
      Attempt& which = *inner.attempts[random.below(inner.attempts.size())];
      const std::uint64_t what = random.below(10);
      if (what == 0) one.pending->fail(one, {.kind = ErrorKind::client_gone});
      if (what == 1) one.pending->fail(one, {.kind = ErrorKind::timeout_request});
      if (which.over || is_told()) continue;
      if (what == 2) which.fail(which.exchange, {.kind = ErrorKind::upstream_reset});
      if (what >= 8) which.answer();
    }
    for (const auto& attempt : inner.attempts) {
      if (attempt->over) continue;
      EXPECT_TRUE(attempt->answered) << "the other one is cancelled";
      random.below(2) == 0 ? attempt->finish()
                           : attempt->fail(attempt->exchange, {.kind = ErrorKind::upstream_reset});
    }
    EXPECT_EQ(one.pending, nullptr);
    one.finish({});
    EXPECT_EQ(to.errors.size() + (to.status ? 1 : 0), 1u);
    EXPECT_EQ(at_end.attempts, inner.attempts.size());
    for (const auto& attempt : inner.attempts) EXPECT_EQ(attempt->ends, 1);
    EXPECT_EQ(pauses.waiting(), 0u);
    hedged += inner.attempts.size() - 1;
  }
  EXPECT_EQ(counts.sent, hedged);
  EXPECT_EQ(budget.granted(), hedged);
  EXPECT_GT(hedged, 100u);
  EXPECT_GT(counts.won, 10u);
}

}  // namespace
}  // namespace skiff
