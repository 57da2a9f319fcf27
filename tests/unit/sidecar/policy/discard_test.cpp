#include "sidecar/policy/discard.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/support/fake_backend.h"
#include "tests/support/manual_clock.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

// The client, which must see nothing, and who goes on.
class Stage final : public PassingReply, public BodySink, public BodySource, public Discard::Then {
 public:
  explicit Stage(Pauses& pauses, const Clock& clock)
      : PassingReply(*this), pauses_(pauses), clock_(clock) {}

  void answered(Exchange& exchange, Response&) override {
    Discard::begin(exchange, pauses_, clock_.now() + 20ms, *this);
  }
  void failed(Exchange&, const Error&) override { ADD_FAILURE() << "it was answered"; }
  void discarded(Exchange& exchange) override {
    ++times;
    EXPECT_EQ(exchange.client_sink, this);
    EXPECT_EQ(exchange.pending, nullptr);
  }
  void broken(Exchange& exchange, const Error& error) override {
    broken_by = error.kind;
    EXPECT_EQ(exchange.client_sink, this);
  }
  void data(std::string_view) override { ADD_FAILURE() << "the client sees nothing"; }
  void end(const Headers&) override { ADD_FAILURE(); }
  void abort(const Error&) override { ADD_FAILURE(); }
  bool flush() override { return true; }
  void resume() override {}

  int times = 0;
  std::optional<ErrorKind> broken_by;

 private:
  Pauses& pauses_;
  const Clock& clock_;
};

class DiscardTest : public testing::Test {
 protected:
  DiscardTest() {
    exchange.client_sink = &stage;
    exchange.client_source = &stage;
    backend.forward(exchange, stage);
  }
  void advance(Duration by) {
    clock.advance(by);
    loop.refresh_now();
    loop.run_due();
  }

  ManualClock clock;
  Loop loop{1, &clock};
  Pauses pauses{loop};
  Stage stage{pauses, loop};
  FakeBackend backend;
  Exchange exchange;
};

TEST_F(DiscardTest, ReadsAShortAnswerToItsEnd) {
  backend.begin_answer(503, BodyKind::chunked);
  EXPECT_TRUE(backend.gives("sorry"));
  EXPECT_EQ(stage.times, 0);
  backend.ends();
  EXPECT_EQ(stage.times, 1);
  EXPECT_EQ(backend.failed_with, ErrorKind::none) << "its connection lives on";
  EXPECT_EQ(pauses.waiting(), 0u);
}

TEST_F(DiscardTest, CancelsALongOne) {
  backend.begin_answer(503, BodyKind::chunked);
  backend.gives(std::string(Discard::most, 'x'));
  EXPECT_EQ(stage.times, 0);
  backend.gives("x");
  EXPECT_EQ(stage.times, 1);
  EXPECT_EQ(backend.failed_with, ErrorKind::hedge_lost);
  EXPECT_EQ(pauses.waiting(), 0u);
}

TEST_F(DiscardTest, CancelsASlowOne) {
  backend.begin_answer(503, BodyKind::chunked);
  advance(15ms);
  EXPECT_EQ(stage.times, 0);
  advance(20ms);
  EXPECT_EQ(stage.times, 1);
  EXPECT_EQ(backend.failed_with, ErrorKind::hedge_lost);
}

TEST_F(DiscardTest, AnAnswerThatBreaksOffIsGoneToo) {
  backend.begin_answer(503, BodyKind::chunked);
  backend.breaks({.kind = ErrorKind::upstream_reset});
  EXPECT_EQ(stage.times, 1);
  EXPECT_FALSE(stage.broken_by.has_value());
}

TEST_F(DiscardTest, SaysWhenTheExchangeIsGivenUp) {
  backend.begin_answer(503, BodyKind::chunked);
  exchange.pending->fail(exchange, {.kind = ErrorKind::client_gone});
  EXPECT_EQ(stage.times, 0);
  EXPECT_EQ(stage.broken_by, ErrorKind::client_gone);
  EXPECT_EQ(pauses.waiting(), 0u);
}

TEST_F(DiscardTest, ForgetsItsTimeWithTheExchange) {
  backend.begin_answer(503, BodyKind::chunked);
  backend.leave();
  exchange.finish({});
  EXPECT_EQ(pauses.waiting(), 0u);
}

}  // namespace
}  // namespace skiff
