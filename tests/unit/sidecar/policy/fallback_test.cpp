#include "sidecar/policy/fallback.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "tests/support/fake_backend.h"
#include "tests/support/manual_clock.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using Type = FallbackStep::Type;

constexpr Error refused{.kind = ErrorKind::circuit_open};
constexpr Error reset{.kind = ErrorKind::upstream_reset};

// A client that notes its answer.
class Client final : public Reply, public BodySink, public BodySource {
 public:
  void informational(Exchange&, Response&) override {}
  void answered(Exchange&, Response& response) override {
    ++answers;
    status = response.status;
    fields.clear();
    for (const Field& field : response.headers)
      fields.append(field.name()).append(": ").append(field.value()).append("\n");
  }
  void failed(Exchange&, const Error& error) override { failure = error.kind; }
  void data(std::string_view bytes) override { body += bytes; }
  void end(const Headers&) override { ended = true; }
  void abort(const Error& error) override { failure = error.kind; }
  bool flush() override { return true; }
  void resume() override {}

  bool has(std::string_view field) const { return fields.find(field) != std::string::npos; }

  int answers = 0;
  unsigned status = 0;
  std::string fields;
  std::string body;
  bool ended = false;
  ErrorKind failure = ErrorKind::none;
};

FallbackStep step_of(Type type) {
  FallbackStep step;
  step.type = type;
  step.body = "static";
  step.content_type = "text/plain";
  step.headers = {{"x-mine", "yes"}};
  return step;
}

class FallbackTest : public testing::Test {
 protected:
  FallbackTest() { store->configure({1min, 1'000'000, 100}); }

  void make(const std::vector<Type>& types) {
    configs.clear();
    for (const Type type : types) configs.push_back(step_of(type));
    make();
  }
  void make() {
    std::vector<ReadyStep> steps;
    for (const FallbackStep& config : configs) {
      steps.push_back({&config, config.type == Type::cluster ? &other : nullptr, nullptr});
    }
    fallback.emplace(std::move(steps), store, pauses, loop);
  }

  void ask(Method method = Method::get) {
    exchange.finish({});
    client = {};
    exchange.request.method = method;
    exchange.request.authority = "shop";
    exchange.request.target = "/a";
    exchange.client_sink = &client;
    exchange.client_source = &client;
    fallback->forward(exchange, client, target);
  }
  // Lets the time of a turn pass, in which a discarded answer is followed by another.
  void turn(Duration by = 20ms) {
    clock.advance(by);
    loop.refresh_now();
    loop.run_due();
  }
  void keep(std::string_view body) {
    ask();
    target.answers(200, body);
  }

  ManualClock clock;
  Loop loop{1, &clock};
  Pauses pauses{loop};
  std::shared_ptr<AnswerStore> store = std::make_shared<AnswerStore>();
  std::vector<FallbackStep> configs;
  FakeBackend target;
  FakeBackend other;
  std::optional<Fallback> fallback;
  Client client;
  Exchange exchange;
};

TEST_F(FallbackTest, LetsAGoodAnswerPassAsItIs) {
  make({Type::cached, Type::static_answer});
  keep("hello");
  EXPECT_EQ(client.status, 200u);
  EXPECT_EQ(client.body, "hello");
  EXPECT_TRUE(client.ended);
  EXPECT_FALSE(client.has("x-skiff-degraded"));
  EXPECT_TRUE(exchange.marks.degraded.empty());
}

TEST_F(FallbackTest, AnswersAFailureWithWhatWasKept) {
  make({Type::cached});
  keep("hello");
  clock.advance(3s);
  loop.refresh_now();
  ask();
  target.breaks(refused);
  EXPECT_EQ(client.status, 200u);
  EXPECT_EQ(client.body, "hello");
  EXPECT_TRUE(client.has("x-skiff-degraded: cached\n")) << client.fields;
  EXPECT_TRUE(client.has("age: 3\n")) << client.fields;
  EXPECT_EQ(exchange.marks.degraded, "cached");
  EXPECT_EQ(exchange.marks.reason, ErrorKind::circuit_open);
}

TEST_F(FallbackTest, AnswersAHeadFromAGetWithoutTheBody) {
  make({Type::cached});
  keep("hello");
  ask(Method::head);
  target.breaks(reset);
  EXPECT_EQ(client.status, 200u);
  EXPECT_EQ(client.body, "");
  EXPECT_TRUE(client.ended);
}

// What a target's policies hold until the exchange is over.
class Holds final : public EndHook {
 public:
  void ended(Exchange&, const Error&) override { is_over = true; }
  bool is_over = false;
};

TEST_F(FallbackTest, WhatTheTargetHoldsIsFreeWhileAnotherIsAsked) {
  make({Type::cluster});
  ask();
  Holds of_failed;
  exchange.at_end(of_failed);
  target.breaks(refused);
  EXPECT_TRUE(of_failed.is_over);
  other.answers(200, "other");
  EXPECT_EQ(client.body, "other");

  ask();
  Holds of_answered;
  exchange.at_end(of_answered);
  target.answers(503, "no");
  turn();
  EXPECT_TRUE(of_answered.is_over);
  Holds of_other;
  exchange.at_end(of_other);
  other.answers(200, "other");
  EXPECT_FALSE(of_other.is_over);
  exchange.finish({});
  EXPECT_TRUE(of_other.is_over);
}

TEST_F(FallbackTest, NeitherKeepsNorAnswersAPost) {
  make({Type::cached});
  ask(Method::post);
  target.answers(200, "posted");
  ask(Method::post);
  target.breaks(refused);
  EXPECT_EQ(client.failure, ErrorKind::circuit_open);
  EXPECT_EQ(store->size(), 0u);
}

TEST_F(FallbackTest, WithoutAnythingKeptTheNextStepAnswers) {
  make({Type::cached, Type::static_answer});
  ask();
  target.breaks(reset);
  EXPECT_EQ(client.body, "static");
  EXPECT_TRUE(client.has("content-type: text/plain\n"));
  EXPECT_TRUE(client.has("x-mine: yes\n"));
  EXPECT_TRUE(client.has("x-skiff-degraded: static\n"));
  EXPECT_EQ(exchange.marks.reason, ErrorKind::upstream_reset);
}

TEST_F(FallbackTest, WithoutAnyStepThatCanTheFailureGoesOn) {
  make({Type::cached});
  ask();
  target.breaks(reset);
  EXPECT_EQ(client.failure, ErrorKind::upstream_reset);
  EXPECT_TRUE(exchange.marks.degraded.empty());
}

TEST_F(FallbackTest, AnAnswerThatFailsIsDiscarded) {
  make({Type::static_answer});
  ask();
  target.begin_answer(503, BodyKind::chunked);
  target.gives("sorry");
  EXPECT_EQ(client.answers, 0);
  target.ends();
  turn();
  EXPECT_EQ(client.status, 200u);
  EXPECT_EQ(client.body, "static");
  EXPECT_EQ(exchange.marks.reason, ErrorKind::none) << "it was the backend that said so";
  EXPECT_EQ(exchange.marks.degraded, "static");
}

TEST_F(FallbackTest, AnAnswerThatFailsStaysWhereNothingElseCan) {
  make({Type::cached});
  ask();
  target.answers(503, "sorry");
  EXPECT_EQ(client.status, 503u);
  EXPECT_EQ(client.body, "sorry");
  EXPECT_FALSE(client.has("x-skiff-degraded"));
}

TEST_F(FallbackTest, AnswersOfTheClientsFaultStay) {
  make({Type::static_answer});
  ask();
  target.answers(404, "none");
  EXPECT_EQ(client.status, 404u);
  ask();
  target.breaks({.kind = ErrorKind::client_gone});
  EXPECT_EQ(client.failure, ErrorKind::client_gone);
  ask();
  target.breaks({.kind = ErrorKind::draining});
  EXPECT_EQ(client.failure, ErrorKind::draining);
}

TEST_F(FallbackTest, AsksAnotherTarget) {
  make({Type::cluster});
  ask();
  target.breaks(reset);
  ASSERT_TRUE(other.has_exchange());
  other.answers(200, "other");
  EXPECT_EQ(client.body, "other");
  EXPECT_TRUE(client.has("x-skiff-degraded: cluster\n"));
  EXPECT_EQ(exchange.marks.reason, ErrorKind::upstream_reset);
  EXPECT_EQ(exchange.marks.degraded, "cluster");
}

TEST_F(FallbackTest, AsksNoOtherTargetWhereThatDoesThingsTwice) {
  make({Type::cluster});
  ask(Method::post);
  target.breaks(reset);
  EXPECT_EQ(client.failure, ErrorKind::upstream_reset);
  ask(Method::post);
  target.answers(503, "sorry");
  EXPECT_EQ(client.status, 503u);
  EXPECT_EQ(other.requests, 0);
}

TEST_F(FallbackTest, AsksAnotherTargetWhereNobodyHasBegun) {
  make({Type::cluster});
  ask(Method::post);
  target.breaks(refused);
  EXPECT_EQ(other.requests, 1);
  other.answers(201, "made");
  EXPECT_EQ(client.status, 201u);
  ask(Method::post);
  target.breaks({.kind = ErrorKind::connect_failed, .unprocessed = true});
  EXPECT_EQ(other.requests, 2);
  other.answers(201, "made");
}

TEST_F(FallbackTest, AsksNoOtherTargetWithoutTheWholeBody) {
  make({Type::cluster});
  ask(Method::put);
  exchange.replay.complete = false;
  target.breaks(reset);
  EXPECT_EQ(client.failure, ErrorKind::upstream_reset);
}

TEST_F(FallbackTest, AsksNoOtherTargetWhenTheTimeIsOver) {
  make({Type::cluster});
  ask();
  exchange.deadlines.request = loop.now();
  target.breaks({.kind = ErrorKind::timeout_request});
  EXPECT_EQ(other.requests, 0);
  EXPECT_EQ(client.failure, ErrorKind::timeout_request);
}

TEST_F(FallbackTest, AnotherTargetsFailureIsFollowedByTheNextStep) {
  make({Type::cluster, Type::static_answer});
  ask();
  target.breaks(reset);
  other.breaks({.kind = ErrorKind::connect_failed, .unprocessed = true});
  EXPECT_EQ(client.body, "static");
  EXPECT_EQ(exchange.marks.reason, ErrorKind::upstream_reset) << "the first one";
  ask();
  target.answers(503, "sorry");
  turn();
  other.answers(500, "sorry too");
  turn();
  EXPECT_EQ(client.body, "static");
  EXPECT_EQ(client.answers, 1);
}

TEST_F(FallbackTest, AnotherTargetsFailureIsTheAnswerWhereNothingElseCan) {
  make({Type::cluster});
  ask();
  target.answers(503, "sorry");
  turn();
  other.answers(500, "sorry too");
  EXPECT_EQ(client.status, 500u);
  EXPECT_TRUE(client.has("x-skiff-degraded: cluster\n"));
  ask();
  target.breaks(refused);
  other.breaks(reset);
  EXPECT_EQ(client.failure, ErrorKind::circuit_open) << "why it was not answered at first";
}

TEST_F(FallbackTest, KeepsNothingOfAnotherTarget) {
  make({Type::cached, Type::cluster});
  ask();
  target.breaks(refused);
  other.answers(200, "other");
  EXPECT_EQ(store->size(), 0u);
}

TEST_F(FallbackTest, StaticAnswersCallsOfGrpcByTheirStatusOnly) {
  make({Type::static_answer});
  exchange.request.version = Version::http_2;
  const auto call = [&] {
    exchange.finish({});
    client = {};
    exchange.request.method = Method::post;
    exchange.request.version = Version::http_2;
    exchange.request.headers.add(exchange.arena, "content-type", "application/grpc");
    exchange.client_sink = &client;
    exchange.client_source = &client;
    fallback->forward(exchange, client, target);
    target.breaks(refused);
  };
  call();
  EXPECT_EQ(client.failure, ErrorKind::circuit_open);
  configs[0].grpc_status = GrpcStatus::ok;
  make();
  call();
  EXPECT_EQ(client.status, 200u);
  EXPECT_TRUE(client.has("grpc-status: 0\n"));
  EXPECT_EQ(client.body, "");
}

TEST_F(FallbackTest, BytesCanOnlyGoToAnotherTarget) {
  make({Type::cached, Type::cluster, Type::static_answer});
  ask();
  target.leave();
  exchange.finish({});
  client = {};
  exchange.request.version = Version::bytes;
  exchange.request.method = Method::other;
  exchange.client_sink = &client;
  exchange.client_source = &client;
  fallback->forward(exchange, client, target);
  target.breaks({.kind = ErrorKind::connect_failed, .unprocessed = true});
  ASSERT_EQ(other.requests, 1);
  other.breaks({.kind = ErrorKind::connect_failed, .unprocessed = true});
  EXPECT_EQ(client.failure, ErrorKind::connect_failed);
  EXPECT_EQ(client.answers, 0);
}

TEST_F(FallbackTest, AClientThatLeavesWhileAnAnswerIsDiscardedIsGone) {
  make({Type::static_answer});
  ask();
  target.begin_answer(503, BodyKind::chunked);
  exchange.pending->fail(exchange, {.kind = ErrorKind::client_gone});
  EXPECT_EQ(client.failure, ErrorKind::client_gone);
  EXPECT_EQ(client.answers, 0);
  EXPECT_EQ(pauses.waiting(), 0u);
}

TEST_F(FallbackTest, TimeThatIsOverWhileAnAnswerIsDiscardedIsAnswered) {
  make({Type::static_answer});
  ask();
  target.begin_answer(503, BodyKind::chunked);
  exchange.pending->fail(exchange, {.kind = ErrorKind::timeout_request});
  EXPECT_EQ(client.body, "static");
}

}  // namespace
}  // namespace skiff
