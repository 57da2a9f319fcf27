#include "sidecar/codec/http1_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/fake_client.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_reply.h"
#include "tests/support/scripted_transport.h"

namespace skiff {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Http1ClientTest : public testing::Test, private ConnectionOwner {
 protected:
  Http1ClientTest() {
    exchange.request.method_name = "GET";
    exchange.request.target = "/a";
    exchange.request.authority = "shop";
    exchange.client_sink = &client;
    exchange.client_source = &client;
  }

  void idle(Connection&) override { ++idles; }
  void gone(Connection&) override { is_gone = true; }

  void turn() {
    loop.io().restart();
    loop.io().poll();
  }

  ManualClock clock;
  Loop loop{1, &clock};
  Http1Limits limits;
  ScriptedPeer backend;
  Exchange exchange;
  FakeClient client;
  RecordingReply reply;
  Http1Client connection{loop, ScriptedTransport::make(backend), limits, *this};
  int idles = 0;
  bool is_gone = false;
};

TEST_F(Http1ClientTest, SendsARequestAndGivesTheAnswer) {
  connection.start(exchange, reply);
  EXPECT_THAT(backend.got(), StartsWith("GET /a HTTP/1.1\r\nHost: shop\r\n"));
  backend.sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(client.body, "hello");
  EXPECT_TRUE(client.ended);
  EXPECT_EQ(idles, 1);
  EXPECT_EQ(exchange.pending, nullptr);
}

TEST_F(Http1ClientTest, TakesAnAnswerByteByByte) {
  connection.start(exchange, reply);
  const std::string answer =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  for (const char byte : answer) backend.sends({&byte, 1});
  EXPECT_EQ(client.body, "hello");
  EXPECT_TRUE(client.ended);
  EXPECT_EQ(idles, 1);
}

TEST_F(Http1ClientTest, HeadAndBodyOfARequestGoTogether) {
  exchange.request.method_name = "POST";
  exchange.request.method = Method::post;
  exchange.request.body = BodyKind::length;
  exchange.request.content_length = 3;
  connection.start(exchange, reply);
  EXPECT_EQ(backend.got(), "");
  EXPECT_EQ(client.resumed, 1) << "asked for the body";
  exchange.backend_sink->data("abc");
  exchange.backend_sink->end({});
  EXPECT_TRUE(exchange.backend_sink->flush());
  EXPECT_THAT(backend.got(), testing::EndsWith("\r\n\r\nabc"));
}

TEST_F(Http1ClientTest, StopsReadingWhileTheClientTakesNoMore) {
  connection.start(exchange, reply);
  client.takes_more = false;
  backend.sends("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
  backend.sends("def");
  EXPECT_EQ(client.body, "abc");
  client.takes_more = true;
  exchange.backend_source->resume();
  turn();
  EXPECT_EQ(client.body, "abcdef");
  EXPECT_EQ(idles, 1);
}

TEST_F(Http1ClientTest, PassesInterimAnswersOn) {
  connection.start(exchange, reply);
  backend.sends("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(reply.interim, std::vector<std::uint16_t>{103});
  EXPECT_EQ(reply.status, 200);
}

TEST_F(Http1ClientTest, RefusesAFloodOfInterimAnswers) {
  connection.start(exchange, reply);
  for (int i = 0; i < 17; ++i) backend.sends("HTTP/1.1 103 Early Hints\r\n\r\n");
  EXPECT_EQ(reply.interim.size(), 16u);
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::bad_response);
  EXPECT_TRUE(is_gone);
}

TEST_F(Http1ClientTest, AnAnswerUntilTheEndEndsWithTheConnection) {
  connection.start(exchange, reply);
  backend.sends("HTTP/1.1 200 OK\r\n\r\nabc");
  EXPECT_FALSE(client.ended);
  backend.ends();
  EXPECT_TRUE(client.ended);
  EXPECT_TRUE(is_gone);
  EXPECT_EQ(idles, 0);
}

TEST_F(Http1ClientTest, ACutBodyIsNeverWhole) {
  connection.start(exchange, reply);
  backend.sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc");
  backend.ends();
  EXPECT_FALSE(client.ended);
  EXPECT_EQ(client.aborted_with, ErrorKind::upstream_reset);
}

TEST_F(Http1ClientTest, BytesBehindAnAnswerEndTheConnection) {
  connection.start(exchange, reply);
  backend.sends("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxEVIL");
  EXPECT_EQ(client.body, "x");
  EXPECT_TRUE(is_gone);
}

TEST_F(Http1ClientTest, AnEndInOrderWithNothingAcknowledgedProvesTheRequestUnread) {
  connection.start(exchange, reply);
  backend.ends();
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::upstream_reset);
  EXPECT_TRUE(reply.errors[0].unprocessed);
}

TEST_F(Http1ClientTest, AnEndAfterAnAcknowledgementProvesNothing) {
  connection.start(exchange, reply);
  backend.acknowledged = 10;
  backend.ends();
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_FALSE(reply.errors[0].unprocessed);
}

TEST_F(Http1ClientTest, AResetProvesNothing) {
  connection.start(exchange, reply);
  backend.resets();
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_FALSE(reply.errors[0].unprocessed);
  EXPECT_FALSE(reply.errors[0].reused) << "it was a fresh connection";
}

TEST_F(Http1ClientTest, ARequestThatCouldNotBeSentIsUnread) {
  backend.resets_unseen();
  connection.start(exchange, reply);
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_TRUE(reply.errors[0].unprocessed);
}

TEST_F(Http1ClientTest, GivingUpClosesTheConnectionAndTellsTheReply) {
  connection.start(exchange, reply);
  exchange.pending->fail(exchange, {.kind = ErrorKind::timeout_request});
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::timeout_request);
  EXPECT_TRUE(backend.closed());
  EXPECT_TRUE(is_gone);
}

TEST_F(Http1ClientTest, AnIdleConnectionThatEndsIsGone) {
  connection.start(exchange, reply);
  backend.sends("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_FALSE(is_gone);
  backend.ends();
  EXPECT_TRUE(is_gone);
}

TEST_F(Http1ClientTest, CloseMeansClose) {
  connection.start(exchange, reply);
  backend.sends("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.ended);
  EXPECT_EQ(idles, 0);
  EXPECT_TRUE(is_gone);
}

TEST_F(Http1ClientTest, AnAnswerBeforeTheRequestWasWholeWearsTheConnectionOut) {
  exchange.request.body = BodyKind::length;
  exchange.request.content_length = 100;
  connection.start(exchange, reply);
  backend.sends("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(reply.status, 413);
  EXPECT_TRUE(is_gone);
}

}  // namespace
}  // namespace skiff
