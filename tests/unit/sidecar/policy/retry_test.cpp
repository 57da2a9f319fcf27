#include "sidecar/policy/retry.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/support/fake_client.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_reply.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using Condition = RetryConfig::Condition;

// Does with each attempt what its script says; the last line again and again.
class Scripted final : public Forwarder, public Pending, public EndHook {
 public:
  using Step = std::function<void(Exchange&, Reply&)>;

  void forward(Exchange& exchange, Reply& reply) override {
    ++exchange.marks.attempts;
    exchange.at_end(*this);
    reply_ = &reply;
    const std::size_t step = std::min(tries++, steps.size() - 1);
    steps[step](exchange, reply);
  }

  // As a connection does where the head of the answer has not come.
  void fail(Exchange& exchange, const Error& error) override {
    failed_with.push_back(error.kind);
    exchange.pending = nullptr;
    if (streaming) {
      exchange.client_sink->abort(error);
    } else {
      reply_->failed(exchange, error);
    }
  }

  void ended(Exchange&, const Error&) override { ++ends; }

  Step hangs() {
    return [this](Exchange& exchange, Reply&) { exchange.pending = this; };
  }

  std::vector<Step> steps;
  std::vector<ErrorKind> failed_with;
  std::size_t tries = 0;
  std::size_t ends = 0;
  bool streaming = false;

 private:
  Reply* reply_ = nullptr;
};

Scripted::Step fails(const Error& error) {
  return [error](Exchange& exchange, Reply& reply) { reply.failed(exchange, error); };
}

struct Head {
  std::uint16_t status = 200;
  std::int8_t grpc_status = -1;
  std::string_view retry_after{};
  bool unprocessed = false;
};

void answer(Exchange& exchange, Reply& reply, const Head& head) {
  Response response;
  response.status = head.status;
  response.grpc_status = head.grpc_status;
  if (!head.retry_after.empty()) {
    response.headers.add(exchange.arena, "retry-after", head.retry_after);
  }
  if (head.unprocessed) response.headers.add(exchange.arena, "x-skiff-unprocessed", "1");
  reply.answered(exchange, response);
}

Scripted::Step answers(const Head& head) {
  return [head](Exchange& exchange, Reply& reply) {
    answer(exchange, reply, head);
    BodySink& sink = *exchange.client_sink;
    sink.data("body");
    sink.end({});
    sink.flush();
  };
}

constexpr Error unprocessed{.kind = ErrorKind::connect_failed, .unprocessed = true};
constexpr Error race{.kind = ErrorKind::upstream_reset, .reused = true};
constexpr Error reset{.kind = ErrorKind::upstream_reset};

RetryConfig on(Condition condition) {
  RetryConfig config;
  config.conditions = {condition};
  return config;
}

class RetryTest : public testing::Test {
 protected:
  RetryTest() {
    exchange.client_sink = &client;
    exchange.started = clock.now();
  }
  ~RetryTest() override { exchange.finish({}); }

  void send(Method method, std::vector<Scripted::Step> steps, const RetryConfig& config = {}) {
    exchange.request.method = method;
    inner.steps = std::move(steps);
    retry.configure(config);
    retry.forward(exchange, reply);
  }
  void advance(Duration by) {
    for (Duration done{}; done < by; done += 1ms) {
      clock.advance(1ms);
      loop.refresh_now();
      loop.run_due();
    }
  }
  // Waits out every back-off.
  void settle() { advance(2s); }

  ManualClock clock;
  Loop loop{1, &clock};
  Pauses pauses{loop};
  RetryBudget budget;
  Scripted inner;
  Retry retry{{}, {pauses, loop, loop.random(), budget}, inner};
  Exchange exchange;
  FakeClient client;
  RecordingReply reply;
};

TEST_F(RetryTest, SendsAgainAtOnceWhatIsProvablyUnprocessedWhateverTheMethod) {
  send(Method::post, {fails(unprocessed), answers({200})});
  EXPECT_EQ(inner.tries, 2u);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(budget.granted(), 0u) << "the first time is not charged (gRFC A6)";
}

TEST_F(RetryTest, TheBudgetCountsWhatIsSentAgainByAStageInFrontOnce) {
  budget.configure({.ratio = {1}, .min_per_second = 0});
  send(Method::post, {answers({200})});
  EXPECT_EQ(budget.left(clock.now()), 1u);
  exchange.end_since(nullptr);
  exchange.is_sent_again = true;
  retry.forward(exchange, reply);
  EXPECT_EQ(budget.left(clock.now()), 1u);
  exchange.end_since(nullptr);
  retry.forward(exchange, reply);
  EXPECT_EQ(budget.left(clock.now()), 2u) << "another target, such as a fallback, counts it itself";
}

TEST_F(RetryTest, SendsAgainWhatASidecarCouldNotGiveToItsApplication) {
  send(Method::post, {answers({.status = 503, .unprocessed = true}), answers({200})});
  settle();
  EXPECT_EQ(inner.tries, 2u);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(budget.granted(), 0u);
}

TEST_F(RetryTest, OfThatTheClientHearsOnlyTheAnswer) {
  send(Method::post, {answers({.status = 503, .unprocessed = true})});
  settle();
  EXPECT_EQ(inner.tries, 4u) << "the first, one that is not counted, and two";
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.fields.find("unprocessed"), std::string::npos);
}

TEST_F(RetryTest, AnApplicationIsNotBelievedWhenItSaysSo) {
  Retry of_application{{}, {pauses, loop, loop.random(), budget, false}, inner};
  exchange.request.method = Method::post;
  inner.steps = {answers({.status = 503, .unprocessed = true})};
  of_application.forward(exchange, reply);
  EXPECT_EQ(inner.tries, 1u);
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.fields.find("unprocessed"), std::string::npos);
}

TEST_F(RetryTest, WithoutRetriesTheClientHearsNothingOfItEither) {
  RetryConfig off;
  off.attempts = 0;
  send(Method::post, {answers({.status = 503, .unprocessed = true})}, off);
  EXPECT_EQ(inner.tries, 1u);
  EXPECT_EQ(reply.fields.find("unprocessed"), std::string::npos);
}

TEST_F(RetryTest, WaitsBeforeItTriesWhatIsUnprocessedAThirdTime) {
  send(Method::post, {fails(unprocessed)});
  EXPECT_EQ(inner.tries, 2u);
  settle();
  EXPECT_EQ(inner.tries, 4u) << "the first, one that is not counted, and two";
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::connect_failed);
  EXPECT_EQ(budget.granted(), 2u);
  EXPECT_EQ(inner.ends, 4u) << "each attempt's hooks ran with it";
}

TEST_F(RetryTest, NeverRetriesWithoutAttempts) {
  RetryConfig config = on(Condition::server_error);
  config.attempts = 0;
  send(Method::get, {fails(unprocessed)}, config);
  EXPECT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(inner.tries, 1u);
}

TEST_F(RetryTest, RepeatsAnIdleRaceOnlyWhereTwiceDoesNoHarm) {
  for (const Method method : {Method::get, Method::put, Method::delete_}) {
    exchange.request.method = method;
    EXPECT_EQ(judge({}, exchange, race), Repeat::crossed);
  }
  for (const Method method : {Method::post, Method::patch, Method::other}) {
    exchange.request.method = method;
    EXPECT_EQ(judge({}, exchange, race), Repeat::no);
  }
}

TEST_F(RetryTest, RepeatsWhatAFreshConnectionLostOnlyWhereThePolicyNamesIt) {
  send(Method::get, {fails(reset)});
  EXPECT_EQ(reply.errors.size(), 1u);
  exchange.request.method = Method::get;
  EXPECT_EQ(judge(on(Condition::reset), exchange, reset), Repeat::harmless);
  exchange.request.method = Method::post;
  EXPECT_EQ(judge(on(Condition::reset), exchange, reset), Repeat::no);
}

TEST_F(RetryTest, TakesAnIdempotencyKeyForAPromise) {
  exchange.request.method = Method::post;
  exchange.request.headers.add(exchange.arena, "Idempotency-Key", "order-17");
  EXPECT_EQ(judge(on(Condition::reset), exchange, reset), Repeat::harmless);
  EXPECT_EQ(judge({}, exchange, reset), Repeat::no);
}

TEST_F(RetryTest, NeedsTheWholeBody) {
  exchange.replay.complete = false;
  send(Method::post, {fails(unprocessed)});
  EXPECT_EQ(inner.tries, 1u);
}

TEST_F(RetryTest, RepeatsNothingThatWeRefusedOrTheClientCaused) {
  for (const ErrorKind kind :
       {ErrorKind::pool_full, ErrorKind::bulkhead_full, ErrorKind::bulkhead_timeout,
        ErrorKind::no_endpoint, ErrorKind::circuit_open, ErrorKind::client_gone}) {
    EXPECT_EQ(judge({}, exchange, {.kind = kind, .unprocessed = true}), Repeat::no);
  }
}

TEST_F(RetryTest, SendsAgainAfterAnAnswerThatThePolicyNames) {
  send(Method::get, {answers({503}), answers({200})}, on(Condition::gateway_error));
  EXPECT_FALSE(reply.status.has_value());
  EXPECT_EQ(inner.ends, 1u) << "the attempt is over, and its permits are free";
  settle();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(client.body, "body") << "of the second answer alone";
  EXPECT_EQ(inner.tries, 2u);
}

TEST_F(RetryTest, KnowsWhichStatusesAreMeant) {
  exchange.request.method = Method::get;
  const auto repeats = [&](const RetryConfig& config, const Head& head) {
    Response response;
    response.status = head.status;
    response.grpc_status = head.grpc_status;
    return judge(config, exchange, response) == Repeat::harmless;
  };
  EXPECT_TRUE(repeats(on(Condition::server_error), {500}));
  EXPECT_TRUE(repeats(on(Condition::gateway_error), {504}));
  EXPECT_FALSE(repeats(on(Condition::gateway_error), {500}));
  EXPECT_FALSE(repeats(on(Condition::reset), {503}));
  RetryConfig codes;
  codes.codes = {429};
  EXPECT_TRUE(repeats(codes, {429}));
  EXPECT_FALSE(repeats(codes, {430}));
  RetryConfig grpc;
  grpc.grpc_statuses = {GrpcStatus::unavailable};
  EXPECT_TRUE(repeats(grpc, {200, 14}));
  EXPECT_FALSE(repeats(grpc, {200, 13}));
  EXPECT_FALSE(repeats(grpc, {200, 0}));
  exchange.request.method = Method::post;
  EXPECT_FALSE(repeats(on(Condition::server_error), {500}));
}

TEST_F(RetryTest, GivesTheLastAnswerToTheClientWhenNothingIsLeftToTry) {
  send(Method::get, {answers({503})}, on(Condition::server_error));
  settle();
  EXPECT_EQ(inner.tries, 3u);
  EXPECT_EQ(reply.status, 503);
  EXPECT_TRUE(reply.errors.empty());
  EXPECT_EQ(reply.fields, "");
  EXPECT_EQ(client.body, "body");
}

TEST_F(RetryTest, SaysThatTheBudgetIsSpentInAnAnswerThatItCannotRepeat) {
  budget.configure({.ratio = Ratio{0}, .min_per_second = 0});
  send(Method::get, {answers({503})}, on(Condition::server_error));
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.fields, "x-skiff-reason: retry_budget\n");
  EXPECT_EQ(budget.refused(), 1u);
}

TEST_F(RetryTest, FailsWithTheBudgetsReasonWhereThereWasNoAnswer) {
  budget.configure({.ratio = Ratio{0}, .min_per_second = 0});
  send(Method::get, {fails(reset)}, on(Condition::reset));
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::retry_budget);
  EXPECT_EQ(reply.errors[0].detail, "upstream_reset");
}

TEST_F(RetryTest, CountsEachRequestOnceInTheBudget) {
  budget.configure({.ratio = Ratio{1}, .min_per_second = 0});
  send(Method::get, {answers({503})}, on(Condition::server_error));
  settle();
  EXPECT_EQ(inner.tries, 2u) << "one request pays for one retry";
}

TEST_F(RetryTest, HonoursRetryAfter) {
  exchange.deadlines.request = clock.now() + 10s;
  send(Method::get, {answers({.status = 503, .retry_after = "3"}), answers({200})},
       on(Condition::server_error));
  advance(2'999ms);
  EXPECT_EQ(inner.tries, 1u);
  advance(2ms + 250ms);
  EXPECT_EQ(inner.tries, 2u);
  EXPECT_EQ(reply.status, 200);
}

TEST_F(RetryTest, GivesAnAnswerOnThatAsksForMoreTimeThanThereIs) {
  exchange.deadlines.request = clock.now() + 3s;
  send(Method::get, {answers({.status = 503, .retry_after = "3"})}, on(Condition::server_error));
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(inner.tries, 1u);
}

TEST_F(RetryTest, ReadsRetryAfterAsSecondsUpToALimit) {
  const auto read = [&](std::string_view text) {
    Response response;
    response.headers.add(exchange.arena, "retry-after", text);
    return retry_after(response);
  };
  EXPECT_EQ(retry_after({}), std::nullopt);
  EXPECT_EQ(read("0"), 0s);
  EXPECT_EQ(read("300"), 300s);
  EXPECT_EQ(read("301"), Duration::max());
  EXPECT_EQ(read("99999999999999999999"), Duration::max());
  EXPECT_EQ(read("Fri, 31 Dec 1999 23:59:59 GMT"), Duration::max());
}

TEST_F(RetryTest, DoesNotRepeatWhatAnotherSidecarRepeatsAlready) {
  exchange.caller_attempt = 2;
  exchange.request.method = Method::get;
  RetryConfig config = on(Condition::reset);
  EXPECT_EQ(judge(config, exchange, reset), Repeat::no);
  EXPECT_EQ(judge(config, exchange, unprocessed), Repeat::unprocessed);
  config.retry_retried = true;
  EXPECT_EQ(judge(config, exchange, reset), Repeat::harmless);
}

TEST_F(RetryTest, IsToldByTheRouteRatherThanByTheTarget) {
  const RetryConfig of_route = on(Condition::server_error);
  exchange.retry = &of_route;
  send(Method::get, {answers({500}), answers({200})});
  settle();
  EXPECT_EQ(reply.status, 200);
}

TEST_F(RetryTest, BreaksOffAnAttemptThatTakesTooLong) {
  exchange.deadlines.per_try = 100ms;
  send(Method::get, {inner.hangs(), answers({200})}, on(Condition::per_try_timeout));
  advance(99ms);
  EXPECT_TRUE(inner.failed_with.empty());
  advance(1ms + 100ms);
  EXPECT_EQ(inner.failed_with, std::vector{ErrorKind::timeout_per_try});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(pauses.waiting(), 0u);
}

TEST_F(RetryTest, LeavesAnAnswerInTimeAloneHoweverLongItsBodyIs) {
  exchange.deadlines.per_try = 100ms;
  send(Method::get, {answers({200})});
  EXPECT_EQ(pauses.waiting(), 0u);
  advance(1s);
  EXPECT_TRUE(inner.failed_with.empty());
}

TEST_F(RetryTest, FailsWithTheTimeoutWhereThePolicyWantsNoOther) {
  exchange.deadlines.per_try = 100ms;
  send(Method::get, {inner.hangs()});
  advance(200ms);
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::timeout_per_try);
}

TEST_F(RetryTest, CancelsAnAnswerThatDoesNotEnd) {
  inner.streaming = true;
  const auto endless = [this](Exchange& its, Reply& to) {
    its.pending = &inner;
    answer(its, to, {503});
    its.client_sink->data("some");
    its.client_sink->flush();
  };
  send(Method::get, {endless, answers({200})}, on(Condition::server_error));
  EXPECT_TRUE(inner.failed_with.empty()) << "it may end soon, and its connection be kept";
  advance(300ms);
  EXPECT_EQ(inner.failed_with, std::vector{ErrorKind::hedge_lost});
  settle();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(client.body, "body");
}

TEST_F(RetryTest, CancelsAnAnswerThatIsLong) {
  inner.streaming = true;
  const auto long_one = [this](Exchange& its, Reply& to) {
    its.pending = &inner;
    answer(its, to, {503});
    its.client_sink->data(std::string(100'000, 'x'));
    its.client_sink->flush();
  };
  send(Method::get, {long_one, answers({200})}, on(Condition::server_error));
  EXPECT_EQ(inner.failed_with, std::vector{ErrorKind::hedge_lost});
  settle();
  EXPECT_EQ(reply.status, 200);
}

TEST_F(RetryTest, EndsWithTheClientWhileItWaits) {
  send(Method::get, {answers({503})}, on(Condition::server_error));
  ASSERT_NE(exchange.pending, nullptr);
  exchange.pending->fail(exchange, {.kind = ErrorKind::client_gone});
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::client_gone);
  EXPECT_EQ(pauses.waiting(), 0u) << "its pause is given back once";
  settle();
  EXPECT_EQ(inner.tries, 1u) << "nothing is executed after the client has given up";
}

TEST_F(RetryTest, EndsWithTheClientWhileItDiscards) {
  inner.streaming = true;
  const auto endless = [this](Exchange& its, Reply& to) {
    its.pending = &inner;
    answer(its, to, {503});
  };
  send(Method::get, {endless}, on(Condition::server_error));
  exchange.pending->fail(exchange, {.kind = ErrorKind::timeout_request});
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::timeout_request);
  settle();
  EXPECT_EQ(inner.tries, 1u);
}

TEST_F(RetryTest, LeavesNothingBehindWhereTheExchangeIsCutShort) {
  send(Method::get, {answers({503})}, on(Condition::server_error));
  exchange.finish({.kind = ErrorKind::draining});
  EXPECT_EQ(pauses.waiting(), 0u);
}

TEST_F(RetryTest, NeverBeginsAnAttemptAfterTheDeadline) {
  Random random(5);
  for (int round = 0; round < 200; ++round) {
    inner.tries = 0;
    exchange.client_sink = &client;
    exchange.deadlines.request = clock.now() + Milliseconds(random.below(200));
    const TimePoint deadline = exchange.deadlines.request;
    RetryConfig config = on(Condition::server_error);
    config.attempts = 10;
    send(Method::get, {[&](Exchange& its, Reply& to) {
           if (inner.tries > 1) {
             EXPECT_LT(clock.now(), deadline);
           }
           random.below(2) == 0 ? answers({503})(its, to) : fails(unprocessed)(its, to);
         }},
         config);
    settle();
    exchange.finish({});
  }
}

TEST(BackoffBefore, IsUniformBelowABoundThatDoublesUpToALimit) {
  Random random(1);
  const BackoffConfig config;
  const Duration bounds[] = {25ms, 75ms, 175ms, 250ms, 250ms};
  for (std::uint32_t number = 1; number <= std::size(bounds); ++number) {
    const Duration bound = bounds[number - 1];
    int bins[4] = {};
    for (int i = 0; i < 4'000; ++i) {
      const Duration wait = backoff_before(config, number, random);
      ASSERT_GE(wait, 0ns);
      ASSERT_LT(wait, bound);
      ++bins[wait * 4 / bound];
    }
    for (const int count : bins) EXPECT_NEAR(count, 1'000, 150);
  }
}

TEST(BackoffBefore, IsNeverLessThanTheLeast) {
  Random random(1);
  for (std::uint32_t number = 1; number <= 40; ++number) {
    const Duration wait = backoff_before({.base = 10ms, .max = 20ms, .least = 1s}, number, random);
    EXPECT_GE(wait, 1s);
    EXPECT_LT(wait, 1s + 20ms);
  }
}

}  // namespace
}  // namespace skiff
