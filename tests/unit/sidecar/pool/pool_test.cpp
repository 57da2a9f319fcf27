#include "sidecar/pool/pool.h"

#include <gtest/gtest.h>

#include <utility>

#include "tests/support/pool_fixture.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

// A connection that a test plays.
class FakeConnection final : public Connection {
 public:
  FakeConnection(ConnectionOwner& owner, const Connector&) : owner_(owner) {}

  void start(Exchange& exchange, Reply& reply) override {
    ++exchanges;
    exchange_ = &exchange;
    reply_ = &reply;
  }
  bool still_open() override {
    if (open) return true;
    owner_.gone(*this);
    return false;
  }

  std::uint32_t room() const override { return busy() ? 0 : 1; }

  void answers(TimePoint now) {
    Response response;
    response.status = 200;
    idle_since = now;
    exchange_ = nullptr;
    owner_.idle(*this);
  }
  void fails(const Error& error) {
    Exchange& exchange = *std::exchange(exchange_, nullptr);
    owner_.gone(*this);
    reply_->failed(exchange, error);
  }
  void closes() { owner_.gone(*this); }

  bool busy() const { return exchange_ != nullptr; }
  bool open = true;

 private:
  ConnectionOwner& owner_;
  Exchange* exchange_ = nullptr;
  Reply* reply_ = nullptr;
};

class PoolTest : public test::PoolFixture {
 protected:
  Call& call(Method method = Method::get) { return PoolFixture::call(pool, method); }

  test::FakeConnector<FakeConnection> connector;
  Pool pool{loop, connector, {.max_connections = 2, .max_waiting = 2}, counters};
};

TEST_F(PoolTest, ConnectsForTheFirstRequestAndReusesTheConnection) {
  call();
  ASSERT_EQ(connector.waiting.size(), 1u);
  FakeConnection& connection = connector.connects();
  EXPECT_TRUE(connection.busy());
  connection.answers(loop.now());
  call();
  EXPECT_TRUE(connection.busy());
  EXPECT_EQ(connection.exchanges, 2u);
  EXPECT_TRUE(connector.waiting.empty());
}

TEST_F(PoolTest, UsesTheConnectionThatWasUsedLast) {
  call();
  call();
  FakeConnection& first = connector.connects();
  FakeConnection& second = connector.connects();
  second.answers(loop.now());
  first.answers(loop.now());
  call();
  EXPECT_TRUE(first.busy());
  EXPECT_FALSE(second.busy());
}

TEST_F(PoolTest, NeverOpensMoreThanTheLimit) {
  for (int i = 0; i < 4; ++i) call();
  EXPECT_EQ(connector.waiting.size(), 2u);
}

TEST_F(PoolTest, ServesThoseWhoWaitInTheirOrder) {
  for (int i = 0; i < 2; ++i) call();
  FakeConnection& connection = connector.connects();
  connector.connects();
  Call& third = call();
  Call& fourth = call();
  connection.answers(loop.now());
  turn();
  EXPECT_TRUE(connection.busy());
  EXPECT_EQ(third.exchange.pending, nullptr) << "served";
  EXPECT_NE(fourth.exchange.pending, nullptr) << "still waits";
}

TEST_F(PoolTest, RefusesWhenTooManyWait) {
  for (int i = 0; i < 2; ++i) call();
  connector.connects();
  connector.connects();
  call();
  call();
  Call& fifth = call();
  ASSERT_EQ(fifth.reply.errors.size(), 1u);
  EXPECT_EQ(fifth.reply.errors[0].kind, ErrorKind::pool_full);
  EXPECT_TRUE(fifth.reply.errors[0].unprocessed);
}

TEST_F(PoolTest, GivesUpWaitingAfterALimit) {
  for (int i = 0; i < 2; ++i) call();
  connector.connects();
  connector.connects();
  Call& third = call();
  pass(900ms);
  EXPECT_TRUE(third.reply.errors.empty());
  pass(200ms);
  ASSERT_EQ(third.reply.errors.size(), 1u);
  EXPECT_EQ(third.reply.errors[0].kind, ErrorKind::pool_timeout);
}

TEST_F(PoolTest, AFailedConnectFailsOneRequest) {
  Call& first = call();
  Call& second = call();
  connector.refuses();
  ASSERT_EQ(first.reply.errors.size(), 1u);
  EXPECT_EQ(first.reply.errors[0].kind, ErrorKind::connect_failed);
  EXPECT_TRUE(second.reply.errors.empty());
  EXPECT_EQ(failed.get(), 1u);
}

TEST_F(PoolTest, ARequestThatGoesAwayLeavesTheQueue) {
  Call& first = call();
  first.exchange.pending->fail(first.exchange, {.kind = ErrorKind::client_gone});
  EXPECT_EQ(first.reply.errors.size(), 1u);
  FakeConnection& connection = connector.connects();
  EXPECT_FALSE(connection.busy());
  EXPECT_EQ(pool.idle_connections(), 1u) << "kept for the next";
}

TEST_F(PoolTest, DoesNotUseAConnectionThatLayIdleTooLong) {
  call();
  connector.connects().answers(loop.now());
  clock.advance(4s);
  loop.refresh_now();
  call();
  EXPECT_EQ(connector.waiting.size(), 1u);
}

TEST_F(PoolTest, ClosesConnectionsThatLieIdle) {
  call();
  connector.connects().answers(loop.now());
  EXPECT_EQ(pool.open_connections(), 1u);
  pass(5s);
  EXPECT_EQ(pool.open_connections(), 0u);
  EXPECT_EQ(open.get(), 0u);
}

TEST_F(PoolTest, LooksAtAnIdleConnectionBeforeAPostUsesIt) {
  call();
  FakeConnection& connection = connector.connects();
  connection.answers(loop.now());
  connection.open = false;
  clock.advance(50ms);
  loop.refresh_now();
  call(Method::post);
  EXPECT_FALSE(connection.busy());
  EXPECT_EQ(connector.waiting.size(), 1u);
}

TEST_F(PoolTest, CountsRequestsThatMetAClosingConnection) {
  call();
  FakeConnection& connection = connector.connects();
  connection.answers(loop.now());
  Call& second = call();
  connection.fails({.kind = ErrorKind::upstream_reset, .unprocessed = true, .reused = true});
  EXPECT_EQ(second.reply.errors.size(), 1u);
  EXPECT_EQ(idle_races.get(), 1u);
}

TEST_F(PoolTest, RetiredKeepsNothing) {
  call();
  FakeConnection& connection = connector.connects();
  pool.retire();
  EXPECT_EQ(pool.open_connections(), 1u) << "what is in flight goes on";
  connection.answers(loop.now());
  turn();
  EXPECT_TRUE(pool.unused());
}

TEST_F(PoolTest, AConnectionIsWornOutAfterItsLimit) {
  pool.configure({.max_requests_per_connection = 1});
  call();
  connector.connects().answers(loop.now());
  EXPECT_EQ(pool.open_connections(), 0u);
}

}  // namespace
}  // namespace skiff
