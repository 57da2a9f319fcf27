#include "sidecar/policy/with_bulkhead.h"

#include <gtest/gtest.h>

#include <deque>
#include <thread>
#include <vector>

#include "tests/support/manual_clock.h"
#include "tests/support/recording_reply.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

// What lies behind: keeps what it is sent until a test answers it.
class Backend final : public Forwarder {
 public:
  void forward(Exchange& exchange, Reply& reply) override { sent.push_back({&exchange, &reply}); }

  void answer(std::uint16_t status = 200) {
    Response response;
    response.status = status;
    sent.front().reply->answered(*sent.front().exchange, response);
  }
  void fail(const Error& error) {
    const Sent first = sent.front();
    sent.pop_front();
    first.reply->failed(*first.exchange, error);
  }
  void end() {
    sent.front().exchange->finish({});
    sent.pop_front();
  }

  struct Sent {
    Exchange* exchange;
    Reply* reply;
  };
  std::deque<Sent> sent;
};

// One worker with its layer.
struct Side {
  explicit Side(const ManualClock& clock) : loop(1, &clock) {}

  void turn() {
    loop.io().restart();
    loop.io().poll();
  }

  Loop loop;
  BulkheadWaits waits{loop};
  Backend backend;
  WithBulkhead layer{waits, backend};
};

class WithBulkheadTest : public testing::Test {
 protected:
  WithBulkheadTest() { side.layer.use(&bulkhead); }

  void pass(Duration time) {
    clock.advance(time);
    side.loop.refresh_now();
    side.loop.run_due();
  }
  void send(int i) { side.layer.forward(exchanges[i], replies[i]); }
  ErrorKind error_of(int i) {
    return replies[i].errors.empty() ? ErrorKind::none : replies[i].errors[0].kind;
  }

  ManualClock clock;
  Bulkhead bulkhead{
      "any", {.max_concurrent = 1, .max_queue = 2, .max_wait = 100ms, .adaptive = {}}, {}};
  Exchange exchanges[5];
  RecordingReply replies[5];
  Side side{clock};
};

TEST_F(WithBulkheadTest, HoldsTheSlotUntilTheBodiesEnd) {
  send(0);
  side.backend.answer();
  send(1);
  side.turn();
  EXPECT_EQ(side.backend.sent.size(), 1u) << "the first one's body is still on its way";
  side.backend.end();
  side.turn();
  ASSERT_EQ(side.backend.sent.size(), 1u);
  EXPECT_EQ(side.backend.sent[0].exchange, &exchanges[1]);
  EXPECT_EQ(exchanges[1].pending, nullptr);
}

TEST_F(WithBulkheadTest, GivesTheSlotBackOnceWhereItFails) {
  send(0);
  side.backend.fail({.kind = ErrorKind::connect_failed});
  EXPECT_EQ(bulkhead.figures().in_use, 0u);
  exchanges[0].finish({});
  EXPECT_EQ(bulkhead.figures().in_use, 0u);
}

TEST_F(WithBulkheadTest, RefusesAtOnceWhereTheQueueIsFull) {
  for (int i = 0; i < 4; ++i) send(i);
  EXPECT_EQ(error_of(3), ErrorKind::bulkhead_full);
  EXPECT_TRUE(replies[3].errors[0].unprocessed);
  EXPECT_EQ(exchanges[3].pending, nullptr);
  EXPECT_EQ(side.waits.waiting(), 2u);
}

TEST_F(WithBulkheadTest, RefusesAfterTheLongestWait) {
  send(0);
  send(1);
  pass(90ms);
  EXPECT_TRUE(replies[1].errors.empty());
  pass(20ms);
  EXPECT_EQ(error_of(1), ErrorKind::bulkhead_timeout);
  side.backend.end();
  side.turn();
  EXPECT_TRUE(side.backend.sent.empty()) << "it is not sent any more";
  EXPECT_EQ(bulkhead.figures().in_use, 0u);
}

TEST_F(WithBulkheadTest, WhoWasServedDoesNotTimeOut) {
  send(0);
  send(1);
  side.backend.end();
  pass(200ms);  // Before the worker looked into its inbox.
  EXPECT_TRUE(replies[1].errors.empty());
  side.turn();
  EXPECT_EQ(side.backend.sent.size(), 1u);
}

TEST_F(WithBulkheadTest, AClientThatLeavesFreesItsPlace) {
  for (int i = 0; i < 3; ++i) send(i);
  exchanges[1].pending->fail(exchanges[1], {.kind = ErrorKind::client_gone});
  EXPECT_EQ(error_of(1), ErrorKind::client_gone);
  EXPECT_EQ(bulkhead.figures().queued, 1u);
  EXPECT_EQ(side.layer.in_flight(), 2u);
}

TEST_F(WithBulkheadTest, AClientThatLeavesJustAsItIsServedPassesItsSlotOn) {
  for (int i = 0; i < 3; ++i) send(i);
  side.backend.end();
  exchanges[1].pending->fail(exchanges[1], {.kind = ErrorKind::client_gone});
  side.turn();
  ASSERT_EQ(side.backend.sent.size(), 1u);
  EXPECT_EQ(side.backend.sent[0].exchange, &exchanges[2]);
  side.backend.end();
  EXPECT_EQ(bulkhead.figures().in_use, 0u);
}

TEST_F(WithBulkheadTest, WhatMattersMoreTakesThePlaceOfWhatMattersLess) {
  send(0);
  exchanges[1].criticality = Criticality::sheddable;
  exchanges[3].criticality = Criticality::critical;
  for (int i = 1; i < 4; ++i) send(i);
  side.turn();
  EXPECT_EQ(error_of(1), ErrorKind::bulkhead_full);
  EXPECT_TRUE(replies[3].errors.empty());
  side.backend.end();
  side.turn();
  EXPECT_EQ(side.backend.sent[0].exchange, &exchanges[3]);
}

TEST_F(WithBulkheadTest, ASlotGoesToAWaiterOfAnotherWorker) {
  Side other(clock);
  other.layer.use(&bulkhead);
  send(0);
  other.layer.forward(exchanges[1], replies[1]);
  side.backend.end();
  side.turn();
  EXPECT_TRUE(other.backend.sent.empty()) << "it is for its own thread to go on";
  other.turn();
  EXPECT_EQ(other.backend.sent.size(), 1u);
  other.backend.end();
  EXPECT_EQ(bulkhead.figures().in_use, 0u);
}

TEST_F(WithBulkheadTest, WithoutABulkheadEverythingGoesThrough) {
  side.layer.use(nullptr);
  for (int i = 0; i < 5; ++i) send(i);
  EXPECT_EQ(side.backend.sent.size(), 5u);
  EXPECT_EQ(bulkhead.figures().in_use, 0u);
}

TEST_F(WithBulkheadTest, WhoWaitsUsesWhatAnotherWaitedIn) {
  send(0);
  send(1);
  pass(200ms);
  exchanges[1].finish({});
  replies[1].errors.clear();
  send(1);
  EXPECT_EQ(side.waits.waiting(), 1u);
  side.backend.end();
  side.turn();
  EXPECT_EQ(side.backend.sent.size(), 1u);
}

// Only what was served in time, or was not served for all of the time that it had, counts.
TEST_F(WithBulkheadTest, AnAdaptiveLimitLearnsFromAnswersAndTimeouts) {
  BulkheadLimitConfig config{.max_concurrent = 100, .adaptive = {}};
  config.adaptive = AdaptiveLimitConfig{.min_concurrent = 1, .window = 10ms};
  bulkhead.configure(config);
  const auto limit_after = [&](auto end) {
    for (int i = 0; i < 120; ++i) {
      send(0);
      pass(20ms);
      end();
      if (exchanges[0].hooks != nullptr) exchanges[0].finish({});
      side.backend.sent.clear();
    }
    return bulkhead.figures().limit;
  };
  EXPECT_EQ(limit_after([&] { side.backend.answer(503); }), 20u);
  EXPECT_EQ(limit_after([&] { side.backend.fail({.kind = ErrorKind::connect_failed}); }), 20u);
  EXPECT_EQ(limit_after([&] { side.backend.answer(200); }), 20u) << "one at a time needs no more";
  pass(1s);
  const auto slow = [&] {
    pass(480ms);
    side.backend.fail({.kind = ErrorKind::timeout_request});
  };
  EXPECT_LT(limit_after(slow), 20u);
}

// Two workers in their own threads that hand each other slots.
TEST(WithBulkheadThreads, EverySlotComesBack) {
  constexpr int requests = 2'000;
  Bulkhead bulkhead("any",
                    {.max_concurrent = 2, .max_queue = 1'000, .max_wait = 60s, .adaptive = {}}, {});
  const auto work = [&bulkhead] {
    Loop loop(1);
    BulkheadWaits waits(loop);
    Backend backend;
    WithBulkhead layer(waits, backend);
    layer.use(&bulkhead);
    std::deque<Exchange> exchanges(4);
    RecordingReply reply;
    std::vector<Exchange*> idle;
    for (Exchange& exchange : exchanges) idle.push_back(&exchange);
    int left = requests;
    while (left > 0 || idle.size() < exchanges.size()) {
      while (left > 0 && !idle.empty()) {
        layer.forward(*idle.back(), reply);
        idle.pop_back();
        --left;
      }
      loop.io().restart();
      loop.io().poll();
      while (!backend.sent.empty()) {
        idle.push_back(backend.sent.front().exchange);
        backend.end();
      }
    }
    EXPECT_TRUE(reply.errors.empty());
    EXPECT_EQ(waits.waiting(), 0u);
    loop.io().restart();
    loop.io().poll();
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_EQ(bulkhead.figures().in_use, 0u);
  EXPECT_EQ(bulkhead.figures().queued, 0u);
}

}  // namespace
}  // namespace skiff
