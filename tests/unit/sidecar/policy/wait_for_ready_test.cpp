#include "sidecar/policy/wait_for_ready.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/loop_fixture.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

constexpr Error refused{.kind = ErrorKind::connect_failed, .unprocessed = true};

// Three endpoints that refuse or accept together. Who is accepted is answered when the test says.
class Door final : public Forwarder, public EndpointsSeen, private Pending, private EndHook {
 public:
  void forward(Exchange& exchange, Reply& reply) override {
    came.push_back(&exchange);
    new_ones += !std::exchange(exchange.is_sent_again, false);
    exchange.at_end(*this);
    if (error.kind != ErrorKind::none) return reply.failed(exchange, error);
    ++exchange.marks.attempts;
    exchange.pending = this;
    inside.emplace_back(&exchange, &reply);
  }
  void answer_first(std::uint16_t status = 200) {
    const auto [exchange, reply] = leave_first();
    Response response;
    response.status = status;
    reply->answered(*exchange, response);
  }
  void fail_first(const Error& with) {
    const auto [exchange, reply] = leave_first();
    reply->failed(*exchange, with);
  }

  bool none_accepts() const override { return refuses; }
  std::size_t count() const override { return endpoints; }

  void refuse(const Error& with) {
    error = with;
    refuses = true;
  }
  void open() {
    error = {};
    refuses = false;
  }

  Error error;           // Of those that come; none: they are let in.
  bool refuses = false;  // As far as anybody knows.
  std::size_t endpoints = 3;
  std::vector<Exchange*> came;
  int new_ones = 0;  // Of these: for the first time.
  std::vector<std::pair<Exchange*, Reply*>> inside;
  int ends = 0;

 private:
  std::pair<Exchange*, Reply*> leave_first() {
    const auto first = inside.at(0);
    inside.erase(inside.begin());
    first.first->pending = nullptr;
    return first;
  }
  void fail(Exchange& exchange, const Error& with) override {
    const auto found = std::find_if(inside.begin(), inside.end(),
                                    [&](const auto& each) { return each.first == &exchange; });
    Reply& reply = *found->second;
    inside.erase(found);
    exchange.pending = nullptr;
    reply.failed(exchange, with);
  }
  void ended(Exchange&, const Error&) override { ++ends; }
};

class WaitForReadyTest : public test::LoopFixture {
 protected:
  WaitForReadyTest() { configure({}); }
  ~WaitForReadyTest() override {
    for (const auto& call : calls) {
      Exchange& exchange = call->exchange;
      if (exchange.pending != nullptr) {
        exchange.pending->fail(exchange, {.kind = ErrorKind::client_gone});
      }
      exchange.finish({});
    }
  }

  void configure(const WaitForReadyConfig& config) { layer.configure(config); }
  Call& send(Method method = Method::post) {
    Call& call = make_call(method);
    layer.forward(call.exchange, call.reply);
    return call;
  }
  // Time passes in steps of the wheel of timers.
  void wait(Duration time) {
    for (Duration done{}; done < time; done += 1ms) pass(1ms);
  }
  static ErrorKind error_of(const Call& call) {
    return call.reply.errors.empty() ? ErrorKind::none : call.reply.errors.at(0).kind;
  }

  const std::string subject = "order.shop";
  std::vector<std::string> events;
  const OnPolicyEvent tell = [this](const PolicyEvent& event) {
    events.push_back(std::string(event.from) + " -> " + std::string(event.to) + ": " + event.why);
  };
  Pauses pauses{loop};
  Readiness readiness{subject, tell};
  Door door;
  WaitForReady layer{{loop, pauses, door, readiness}, door};
};

TEST_F(WaitForReadyTest, LeavesAloneWhatIsAnswered) {
  Call& call = send();
  door.answer_first(503);
  EXPECT_EQ(call.reply.status, 503);
  EXPECT_EQ(readiness.figures().waited, 0u);
  EXPECT_TRUE(events.empty());
}

TEST_F(WaitForReadyTest, IsNothingWhereItIsOff) {
  layer.configure({});
  door.refuse(refused);
  EXPECT_EQ(error_of(send()), ErrorKind::connect_failed);
  EXPECT_EQ(pauses.waiting(), 0u);
}

TEST_F(WaitForReadyTest, SendsWhatNobodyAcceptedOnceSomebodyDoes) {
  door.refuse(refused);
  Call& call = send();
  EXPECT_EQ(door.ends, 1) << "its first attempt is over";
  wait(50ms);
  EXPECT_GE(door.came.size(), 3u);
  EXPECT_TRUE(call.reply.errors.empty());
  door.open();
  wait(20ms);
  door.answer_first();
  EXPECT_EQ(call.reply.status, 200);
  EXPECT_EQ(pauses.waiting(), 0u);
  EXPECT_EQ(readiness.figures().waiting, 0u);
}

TEST_F(WaitForReadyTest, FailsAsAtFirstWhenItsTimeIsOver) {
  for (const Error& error :
       {refused, Error{.kind = ErrorKind::timeout_connect, .unprocessed = true},
        Error{.kind = ErrorKind::no_endpoint}}) {
    door.refuse(error);
    Call& call = send();
    wait(240ms);
    EXPECT_TRUE(call.reply.errors.empty());
    wait(20ms);
    ASSERT_EQ(call.reply.errors.size(), 1u);
    EXPECT_EQ(call.reply.errors[0].kind, error.kind);
    EXPECT_EQ(call.reply.errors[0].unprocessed, error.unprocessed);
    EXPECT_EQ(pauses.waiting(), 0u);
  }
  EXPECT_EQ(readiness.figures().waited, 3u);
  EXPECT_EQ(readiness.figures().in_vain, 3u);
}

TEST_F(WaitForReadyTest, HoldsOnlyWhatNobodyHasBegunToActOn) {
  for (const Error& error : {Error{.kind = ErrorKind::upstream_reset},
                             Error{.kind = ErrorKind::timeout_response_headers},
                             Error{.kind = ErrorKind::bulkhead_full, .unprocessed = true},
                             Error{.kind = ErrorKind::retry_budget},
                             Error{.kind = ErrorKind::denied, .unprocessed = true}}) {
    door.refuse(error);
    EXPECT_EQ(error_of(send(Method::get)), error.kind);
  }
  EXPECT_EQ(readiness.figures().waited, 0u);
}

TEST_F(WaitForReadyTest, DoesNotHoldWhoseBodyIsNotAtHandAnyMore) {
  door.refuse(refused);
  Call& call = make_call(Method::post);
  call.exchange.replay.complete = false;
  layer.forward(call.exchange, call.reply);
  EXPECT_EQ(error_of(call), ErrorKind::connect_failed);
}

TEST_F(WaitForReadyTest, WhoComesLaterWaitsBehindWithoutHavingBeenSent) {
  door.refuse(refused);
  Call& first = send();
  EXPECT_EQ(door.came.size(), 1u);
  Call& second = send();
  Call& third = send();
  EXPECT_EQ(door.came.size(), 1u);
  wait(40ms);
  ASSERT_GE(door.came.size(), 3u);
  EXPECT_EQ(door.came[1], &first.exchange);
  EXPECT_EQ(door.came[2], &second.exchange) << "one each interval, who waited longest";
  EXPECT_LE(door.came.size(), 5u);
  EXPECT_EQ(door.new_ones, 3) << "each is a request once, however often it is sent";
  wait(240ms);
  for (const Call* call : {&first, &second, &third}) {
    EXPECT_EQ(error_of(*call), ErrorKind::connect_failed);
  }
  EXPECT_EQ(readiness.figures().waited, 3u);
}

TEST_F(WaitForReadyTest, WhileOthersAreAcceptedNobodyWaitsUnsent) {
  door.error = refused;  // One of several endpoints refuses; another would not.
  Call& unlucky = send();
  EXPECT_EQ(readiness.figures().waiting, 1u);
  EXPECT_TRUE(events.empty()) << "the target is ready";
  door.open();
  send();
  EXPECT_EQ(door.inside.size(), 1u);
  wait(20ms);
  EXPECT_EQ(door.inside.size(), 2u);
  EXPECT_EQ(door.inside[1].first, &unlucky.exchange);
}

TEST_F(WaitForReadyTest, EachAnswerLetsTwoMoreGo) {
  door.refuse(refused);
  for (int i = 0; i < 20; ++i) send();
  door.open();
  while (door.inside.empty()) pass(1ms);
  std::vector<std::size_t> at_once;
  while (readiness.figures().waiting > 0) {
    at_once.push_back(door.inside.size());
    for (std::size_t i = at_once.back(); i > 0; --i) door.answer_first();
    turn();
  }
  EXPECT_EQ(at_once, (std::vector<std::size_t>{1, 2, 4, 8, 5}));
}

TEST_F(WaitForReadyTest, IsReadyAsSoonAsAConnectionIsAcceptedThoughNothingIsAnsweredYet) {
  door.refuse(refused);
  for (int i = 0; i < 3; ++i) send();
  door.open();
  wait(30ms);
  EXPECT_FALSE(readiness.is_lost());
  const std::size_t before = door.inside.size();
  send();
  EXPECT_EQ(door.inside.size(), before + 1) << "it went past those that wait";
}

TEST_F(WaitForReadyTest, SaysOnceThatNobodyAcceptsAndOnceThatSomebodyDoes) {
  door.refuse(refused);
  for (int i = 0; i < 5; ++i) send();
  wait(100ms);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0], "ready -> waiting: none of 3 endpoints accepts a connection");
  door.open();
  wait(20ms);
  door.answer_first();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1], "waiting -> ready: an endpoint accepts connections; 5 requests have waited");

  door.refuse({.kind = ErrorKind::no_endpoint});
  door.endpoints = 0;
  wait(300ms);
  send();
  EXPECT_EQ(events.back(), "ready -> waiting: it has no endpoint");
}

TEST_F(WaitForReadyTest, ManyWaitAndNoMore) {
  configure({.max_waiting = 2});
  door.refuse(refused);
  Call& first = send();
  send();
  Call& third = send();
  EXPECT_EQ(error_of(third), ErrorKind::connect_failed) << "at once";
  EXPECT_EQ(readiness.figures().full, 1u);
  EXPECT_EQ(readiness.figures().waited, 2u);
  first.exchange.pending->fail(first.exchange, {.kind = ErrorKind::client_gone});
  EXPECT_TRUE(send().reply.errors.empty()) << "there is a place again";
}

TEST_F(WaitForReadyTest, AClientThatLeavesGivesItsPlaceBack) {
  door.refuse(refused);
  Call& first = send();
  Call& second = send();
  first.exchange.pending->fail(first.exchange, {.kind = ErrorKind::client_gone});
  EXPECT_EQ(error_of(first), ErrorKind::client_gone);
  EXPECT_EQ(readiness.figures().waiting, 1u);
  door.open();
  wait(20ms);
  ASSERT_EQ(door.inside.size(), 1u);
  EXPECT_EQ(door.inside[0].first, &second.exchange);
  EXPECT_EQ(readiness.figures().in_vain, 0u);
}

TEST_F(WaitForReadyTest, NothingIsSentAfterTheDeadline) {
  door.refuse(refused);
  Call& call = make_call(Method::post);
  call.exchange.deadlines.request = loop.now() + 3ms;
  layer.forward(call.exchange, call.reply);
  door.open();
  wait(30ms);
  EXPECT_EQ(error_of(call), ErrorKind::timeout_request);
  EXPECT_EQ(door.came.size(), 1u);
}

// ---- Beside a breaker and a budget

Error breaker_open_for(Exchange& exchange, Duration time) {
  return {.kind = ErrorKind::circuit_open,
          .unprocessed = true,
          .answer = exchange.arena.make<ErrorAnswer>(ErrorAnswer{.retry_after = time})};
}

TEST_F(WaitForReadyTest, WhatABreakerRefusesWaitsOnlyWhereNobodyAcceptsAndItsTimeIsEnough) {
  Call& any = make_call();
  door.refuse(breaker_open_for(any.exchange, 100ms));
  EXPECT_TRUE(send().reply.errors.empty());
  wait(300ms);
  door.refuse(breaker_open_for(any.exchange, 300ms));
  EXPECT_EQ(error_of(send()), ErrorKind::circuit_open) << "at once";
  door.refuse(breaker_open_for(any.exchange, 1ms));
  door.refuses = false;
  EXPECT_EQ(error_of(send()), ErrorKind::circuit_open) << "it is not for want of connections";
}

// It closes when the body of its trial is over; two more go when that has a head.
TEST_F(WaitForReadyTest, WhileABreakerTriesNobodyWhoWaitsIsRefused) {
  door.refuse(refused);
  std::vector<Call*> waiting;
  for (int i = 0; i < 10; ++i) waiting.push_back(&send());
  door.open();
  while (door.inside.empty()) pass(1ms);
  door.error = {.kind = ErrorKind::circuit_open, .unprocessed = true};
  door.answer_first();
  for (int i = 0; i < 5; ++i) turn();
  waiting.push_back(&send());
  EXPECT_EQ(readiness.figures().waiting, 10u) << "one was answered, one has come";
  for (const Call* call : waiting) EXPECT_EQ(error_of(*call), ErrorKind::none);
  door.open();
  wait(20ms);
  while (!door.inside.empty()) {
    door.answer_first();
    turn();
  }
  for (const Call* call : waiting) EXPECT_EQ(call->reply.status, 200);
}

TEST_F(WaitForReadyTest, ABreakerThatOpensForLongEndsAllWaits) {
  door.refuse(refused);
  std::vector<Call*> waiting;
  for (int i = 0; i < 50; ++i) waiting.push_back(&send());
  door.refuse(breaker_open_for(waiting[0]->exchange, 5s));
  wait(20ms);
  for (int i = 0; i < 10; ++i) turn();
  EXPECT_EQ(readiness.figures().waiting, 0u);
  for (const Call* call : waiting) EXPECT_EQ(error_of(*call), ErrorKind::circuit_open);
  EXPECT_EQ(readiness.figures().in_vain, 50u);
}

TEST_F(WaitForReadyTest, WhoseRetriesTheBudgetRefusedWaitsWhereNobodyAccepts) {
  door.refuse({.kind = ErrorKind::retry_budget, .unprocessed = true});
  EXPECT_TRUE(send().reply.errors.empty());
  wait(300ms);
  door.refuses = false;
  EXPECT_EQ(error_of(send()), ErrorKind::retry_budget);
}

// ---- Changes

TEST_F(WaitForReadyTest, TurnedOffItLetsThoseThatWaitGoOn) {
  door.refuse(refused);
  Call& call = send();
  layer.configure({});
  door.open();
  wait(20ms);
  door.answer_first();
  EXPECT_EQ(call.reply.status, 200);
}

TEST_F(WaitForReadyTest, AResetAfterTheWaitIsFinal) {
  door.refuse(refused);
  Call& call = send();
  door.open();
  wait(20ms);
  door.fail_first({.kind = ErrorKind::upstream_reset});
  EXPECT_EQ(error_of(call), ErrorKind::upstream_reset);
  EXPECT_FALSE(readiness.is_lost()) << "it was accepted";
}

// Whatever happens in whichever order: each is answered or fails exactly once, nobody is left.
TEST_F(WaitForReadyTest, EachIsToldOnceWhateverHappens) {
  Random random(7);
  configure({.max_wait = 40ms, .interval = 5ms, .max_waiting = 10});
  std::vector<Call*> all;
  for (int step = 0; step < 5'000; ++step) {
    switch (random.below(8)) {
      case 0:
        door.open();
        break;
      case 1:
        door.refuse(random.below(2) == 0 ? refused : Error{.kind = ErrorKind::no_endpoint});
        break;
      case 2:
        if (!door.inside.empty()) door.answer_first();
        break;
      case 3:
        if (!door.inside.empty()) door.fail_first({.kind = ErrorKind::upstream_reset});
        break;
      case 4: {
        if (all.empty()) break;
        Exchange& one = all[random.below(all.size())]->exchange;
        if (one.pending != nullptr) one.pending->fail(one, {.kind = ErrorKind::client_gone});
        break;
      }
      case 5:
        pass(Duration(1ms) * static_cast<int>(random.below(10)));
        break;
      default:
        all.push_back(&send());
    }
    ASSERT_LE(readiness.figures().waiting, 10u);
    turn();
  }
  door.refuse(refused);
  while (!door.inside.empty()) door.answer_first();
  wait(100ms);
  EXPECT_GT(readiness.figures().waited, 100u);
  EXPECT_GT(readiness.figures().in_vain, 10u);
  EXPECT_GT(readiness.figures().full, 10u);
  EXPECT_EQ(readiness.figures().waiting, 0u);
  EXPECT_EQ(pauses.waiting(), 0u);
  for (const Call* call : all) {
    EXPECT_EQ(call->reply.errors.size() + (call->reply.status ? 1u : 0u), 1u);
  }
}

}  // namespace
}  // namespace skiff
