#include "sidecar/codec/tcp_client.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/fake_client.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_reply.h"
#include "tests/support/scripted_transport.h"

namespace skiff {
namespace {

class TcpClientTest : public testing::Test, private ConnectionOwner {
 protected:
  TcpClientTest() {
    exchange.request.version = Version::bytes;
    exchange.request.body = BodyKind::tunnel;
    exchange.client_sink = &client;
    exchange.client_source = &client;
  }

  void idle(Connection&) override { ADD_FAILURE() << "it is for one exchange"; }
  void gone(Connection&) override { ++gones; }

  void turn() {
    loop.io().restart();
    loop.io().poll();
  }

  bool give(std::string_view bytes) {
    exchange.backend_sink->data(bytes);
    return exchange.backend_sink->flush();
  }
  void end() {
    BodySink& sink = *exchange.backend_sink;
    sink.end({});
    sink.flush();
  }

  ManualClock clock;
  Loop loop{1, &clock};
  ScriptedPeer backend;
  Exchange exchange;
  FakeClient client;
  RecordingReply reply;
  std::unique_ptr<Connection> connection =
      make_tcp_client(loop, ScriptedTransport::make(backend), *this);
  int gones = 0;
};

TEST_F(TcpClientTest, HasAnsweredAsSoonAsItStarts) {
  EXPECT_EQ(connection->room(), 1u);
  connection->start(exchange, reply);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(exchange.marks.attempts, 1);
  EXPECT_EQ(connection->room(), 0u);
  EXPECT_NE(exchange.pending, nullptr);
  EXPECT_EQ(backend.got(), "") << "and has said nothing by itself";
}

TEST_F(TcpClientTest, CarriesBothWays) {
  connection->start(exchange, reply);
  EXPECT_TRUE(give("ping"));
  EXPECT_EQ(backend.got(), "ping");
  backend.sends("pong");
  EXPECT_EQ(client.body, "pong");
}

TEST_F(TcpClientTest, GivesAGreetingThatCameBeforeItStarted) {
  backend.sends("220 hello\r\n");
  connection->start(exchange, reply);
  turn();
  EXPECT_EQ(client.body, "220 hello\r\n");
}

TEST_F(TcpClientTest, TheClientsEndLeavesTheAnswerGoing) {
  connection->start(exchange, reply);
  give("all I have");
  end();
  EXPECT_TRUE(backend.sees_end());
  EXPECT_EQ(gones, 0);
  backend.sends("sum");
  backend.ends();
  EXPECT_EQ(client.body, "sum");
  EXPECT_TRUE(client.ended);
  EXPECT_EQ(gones, 1);
  EXPECT_EQ(exchange.pending, nullptr);
  EXPECT_FALSE(backend.was_reset());
}

TEST_F(TcpClientTest, TheBackendsEndLeavesTheRequestGoing) {
  connection->start(exchange, reply);
  backend.ends();
  EXPECT_TRUE(client.ended);
  EXPECT_EQ(gones, 0);
  give("more");
  EXPECT_EQ(backend.got(), "more");
  end();
  EXPECT_EQ(gones, 1);
  EXPECT_EQ(exchange.pending, nullptr);
  EXPECT_FALSE(backend.was_reset());
}

TEST_F(TcpClientTest, StaysUntilTheLastByteIsOut) {
  connection->start(exchange, reply);
  backend.takes_only(2);
  EXPECT_FALSE(give("abcd"));
  end();
  backend.ends();
  EXPECT_TRUE(client.ended);
  EXPECT_NE(exchange.pending, nullptr);
  backend.takes_all();
  EXPECT_EQ(backend.got(), "abcd");
  EXPECT_TRUE(backend.sees_end());
  EXPECT_EQ(exchange.pending, nullptr);
  EXPECT_EQ(client.resumed, 1) << "told that it has taken all";
}

TEST_F(TcpClientTest, AsksForMoreWhenTheBackendTakesMore) {
  connection->start(exchange, reply);
  backend.takes_only(1);
  EXPECT_FALSE(give("ab"));
  EXPECT_EQ(client.resumed, 0);
  backend.takes_all();
  EXPECT_EQ(client.resumed, 1);
}

TEST_F(TcpClientTest, StopsReadingWhileTheClientTakesNoMore) {
  connection->start(exchange, reply);
  client.takes_more = false;
  backend.sends("a");
  backend.sends("b");
  EXPECT_EQ(client.body, "a");
  client.takes_more = true;
  exchange.backend_source->resume();
  turn();
  EXPECT_EQ(client.body, "ab");
}

TEST_F(TcpClientTest, ABreakIsNoEnd) {
  connection->start(exchange, reply);
  backend.sends("half");
  backend.resets();
  EXPECT_FALSE(client.ended);
  EXPECT_EQ(client.aborted_with, ErrorKind::upstream_reset);
  EXPECT_EQ(gones, 1);
}

TEST_F(TcpClientTest, FindsABreakAfterTheBackendsEnd) {
  connection->start(exchange, reply);
  backend.ends();
  backend.resets();
  EXPECT_EQ(client.aborted_with, ErrorKind::upstream_reset);
}

TEST_F(TcpClientTest, ResetsTheBackendWhereTheClientBrokeOff) {
  connection->start(exchange, reply);
  exchange.pending->fail(exchange, {.kind = ErrorKind::client_gone});
  EXPECT_TRUE(backend.was_reset());
  EXPECT_TRUE(backend.closed());
  EXPECT_EQ(client.aborted_with, ErrorKind::client_gone);
  EXPECT_EQ(gones, 1);
}

TEST_F(TcpClientTest, IsGoneWhenItBreaksBeforeItStarts) {
  backend.resets();
  EXPECT_EQ(gones, 1);
  EXPECT_EQ(connection->room(), 0u);
}

TEST_F(TcpClientTest, IsNotTakenOnceTheBackendHasStirred) {
  EXPECT_TRUE(connection->still_open());
  backend.sends("greeting of long ago");
  EXPECT_FALSE(connection->still_open());
  EXPECT_EQ(gones, 1);
}

TEST_F(TcpClientTest, RetiresWhileItCarriesNothing) {
  connection->retire();
  EXPECT_EQ(gones, 1);
  EXPECT_TRUE(backend.closed());
}

}  // namespace
}  // namespace skiff
