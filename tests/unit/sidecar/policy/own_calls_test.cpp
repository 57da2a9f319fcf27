#include "sidecar/policy/own_calls.h"

#include <optional>
#include <string>
#include <vector>

#include "tests/support/fake_backends.h"
#include "tests/support/loop_fixture.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using Statuses = std::vector<std::uint16_t>;

class OwnCallsTest : public test::LoopFixture {
 protected:
  Exchange& prepare() {
    Exchange& exchange = own_calls->prepare();
    exchange.request.method_name = "GET";
    return exchange;
  }
  void send(Exchange& exchange, Duration limit = 1s) {
    own_calls->send(exchange, backends, limit,
                    [this](std::uint16_t status) { told.push_back(status); });
  }
  void send_one(Duration limit = 1s) {
    send(prepare(), limit);
    turn();
  }

  Exchanges exchanges;
  FakeBackends backends;
  std::unique_ptr<OwnCalls> own_calls = std::make_unique<OwnCalls>(loop, exchanges);
  Statuses told;
};

TEST_F(OwnCallsTest, TellTheStatusWhenTheAnswerIsWhole) {
  send_one();
  backends[0].begin_answer(503, BodyKind::length, 2);
  EXPECT_EQ(told, Statuses{});
  backends[0].gives("no");
  backends[0].ends();
  turn();
  EXPECT_EQ(told, Statuses{503});
}

TEST_F(OwnCallsTest, LeaveAtTheEndOfTheTurn) {
  send(prepare());
  EXPECT_EQ(backends.requests(), 0U);
  turn();
  EXPECT_EQ(backends.requests(), 1U);
}

TEST_F(OwnCallsTest, TellZeroWhereThereIsNoAnswer) {
  send_one();
  backends[0].breaks({.kind = ErrorKind::connect_failed});
  EXPECT_EQ(told, Statuses{0});
}

TEST_F(OwnCallsTest, AreGivenUpWhenTheirTimeIsOver) {
  send_one(100ms);
  backends[0].begin_answer(200, BodyKind::chunked);
  pass(50ms);
  EXPECT_EQ(told, Statuses{});
  pass(100ms);
  EXPECT_EQ(told, Statuses{0});
  EXPECT_EQ(backends[0].failed_with, ErrorKind::timeout_request);
}

TEST_F(OwnCallsTest, AreGivenUpAtTheDeadlineThatTheirTargetSets) {
  backends.request_limit = 50ms;
  send_one(1s);
  pass(100ms);
  EXPECT_EQ(told, Statuses{0});
}

TEST_F(OwnCallsTest, AnAnswerThatIsTooLongIsCancelledAndItsStatusCounts) {
  send_one();
  backends[0].begin_answer(200, BodyKind::chunked);
  backends[0].gives(std::string(OwnCalls::most_answer, 'x'));
  EXPECT_EQ(told, Statuses{});
  backends[0].gives("x");
  EXPECT_EQ(told, Statuses{200});
  EXPECT_NE(backends[0].failed_with, ErrorKind::none);
}

TEST_F(OwnCallsTest, GiveTheBodyToEachAttemptOnce) {
  Exchange& exchange = prepare();
  exchange.request.body = BodyKind::length;
  exchange.request.content_length = 4;
  exchange.keep_for_replay("ab");
  exchange.keep_for_replay("cd");
  send(exchange);
  turn();
  turn();
  EXPECT_EQ(backends[0].body, "abcd");
  EXPECT_TRUE(backends[0].body_ended);
  exchange.client_source->resume();
  turn();
  EXPECT_EQ(backends[0].body, "abcd") << "not twice";
  backends[0].take_body();
  ++exchange.marks.attempts;
  turn();
  EXPECT_EQ(backends[0].body, "abcdabcd") << "but to another attempt";
}

TEST_F(OwnCallsTest, TellNobodyWhenTheyAreGivenUpAltogether) {
  send_one();
  send(prepare());
  own_calls.reset();
  turn();
  pass(2s);
  EXPECT_EQ(told, Statuses{});
  EXPECT_EQ(backends.requests(), 1U);
  EXPECT_NE(backends[0].failed_with, ErrorKind::none);
}

TEST_F(OwnCallsTest, MayBeSentFromWhereOneEnds) {
  Statuses second;
  own_calls->send(prepare(), backends, 1s, [&](std::uint16_t) {
    own_calls->send(prepare(), backends, 1s,
                    [&](std::uint16_t status) { second.push_back(status); });
  });
  turn();
  backends[0].answers(200, "ok");
  turn();
  backends[1].answers(201, "ok");
  EXPECT_EQ(second, Statuses{201});
}

}  // namespace
}  // namespace skiff
