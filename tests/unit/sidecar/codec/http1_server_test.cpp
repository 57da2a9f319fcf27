#include "sidecar/codec/http1_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/fake_backend.h"
#include "tests/support/manual_clock.h"
#include "tests/support/rescue.h"
#include "tests/support/scripted_transport.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: shop\r\n\r\n";
constexpr std::string_view connect_request =
    "CONNECT db.shop:5432 HTTP/1.1\r\nHost: db.shop:5432\r\n\r\n";

class Http1ServerTest : public testing::Test, private ServerConnectionOwner {
 protected:
  Http1ServerTest() { connect(); }
  ~Http1ServerTest() override { connection.reset(); }

  void connect() {
    connection = make_http1_server(context, ScriptedTransport::make(client), {"192.0.2.1"});
  }

  // Lets deferred work run.
  void turn() {
    loop.io().restart();
    loop.io().poll();
    if (is_closed) connection.reset();
  }

  void pass(Duration time) {
    for (Duration gone{}; gone < time; gone += 10ms) {
      clock.advance(10ms);
      loop.run_due();
      turn();
    }
  }

  void closed(ServerConnection&) override { is_closed = true; }
  void refused(const Exchange&, ErrorKind kind) override { refusals.push_back(kind); }

  ManualClock clock;
  Loop loop{1, &clock};
  ServerSettings settings;
  FakeBackend backend;
  Exchanges exchanges;
  ServerContext context{loop, exchanges, settings, *this, backend};
  ScriptedPeer client;
  std::unique_ptr<ServerConnection> connection;
  bool is_closed = false;
  std::vector<ErrorKind> refusals;
};

TEST_F(Http1ServerTest, HandsARequestOnAndWritesTheAnswer) {
  client.sends(get);
  EXPECT_EQ(backend.method, "GET");
  EXPECT_EQ(backend.target, "/a");
  EXPECT_EQ(backend.authority, "shop");
  backend.answers(200, "hello");
  EXPECT_EQ(client.got(), "HTTP/1.1 200 Fine\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_FALSE(client.sees_end());
}

TEST_F(Http1ServerTest, ServesTheNextRequestOnTheSameConnection) {
  for (int i = 0; i < 3; ++i) {
    client.sends(get);
    backend.answers(200, "x");
    EXPECT_THAT(client.got(), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_EQ(backend.requests, 3);
}

TEST_F(Http1ServerTest, AnswersPipelinedRequestsInTurn) {
  client.sends(std::string(get) + "GET /b HTTP/1.1\r\nHost: shop\r\n\r\n");
  EXPECT_EQ(backend.target, "/a");
  EXPECT_EQ(backend.requests, 1);
  backend.answers(200, "first");
  turn();
  EXPECT_EQ(backend.target, "/b");
  backend.answers(200, "second");
  const std::string got = client.got();
  EXPECT_LT(got.find("first"), got.find("second"));
}

TEST_F(Http1ServerTest, TakesARequestByteByByte) {
  for (const char byte : get) client.sends({&byte, 1});
  EXPECT_EQ(backend.requests, 1);
}

TEST_F(Http1ServerTest, IgnoresOneEmptyLineInFrontOfARequestAndNotTwo) {
  for (const char byte : std::string("\r\n") + std::string(get)) client.sends({&byte, 1});
  EXPECT_EQ(backend.requests, 1);
  backend.answers(200, "");
  client.got();
  client.sends("\r\n");
  client.sends("\r\n" + std::string(get));
  EXPECT_THAT(client.got(), StartsWith("HTTP/1.1 400"));
}

TEST_F(Http1ServerTest, RefusesAStrayCarriageReturnWhenItComes) {
  client.sends("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n");
  client.sends("\rX");
  EXPECT_THAT(client.got(), StartsWith("HTTP/1.1 400"));
}

TEST_F(Http1ServerTest, StreamsABodyOfKnownLength) {
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
  turn();
  EXPECT_EQ(backend.body, "12345");
  EXPECT_FALSE(backend.body_ended);
  client.sends("67890");
  EXPECT_EQ(backend.body, "1234567890");
  EXPECT_TRUE(backend.body_ended);
}

TEST_F(Http1ServerTest, ABodyOfNoBytesIsWholeAtOnce) {
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(backend.exchange().request_ended);
  backend.answers(200, "");
  EXPECT_THAT(client.got(), Not(HasSubstr("close")));
}

TEST_F(Http1ServerTest, StreamsAChunkedBody) {
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  turn();
  client.sends("2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(backend.body, "abcde");
  EXPECT_TRUE(backend.body_ended);
}

TEST_F(Http1ServerTest, KeepsTheBodyUntilABackendIsThere) {
  backend.ready = false;
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n123");
  turn();
  client.sends("45");
  turn();
  EXPECT_EQ(backend.body, "");
  backend.take_body();
  turn();
  EXPECT_EQ(backend.body, "12345");
  EXPECT_TRUE(backend.body_ended);
}

TEST_F(Http1ServerTest, NoticesAClientThatLeavesBeforeABackendTookItsBody) {
  backend.ready = false;
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345");
  turn();
  EXPECT_EQ(backend.failed_with, ErrorKind::none);
  client.resets();
  EXPECT_EQ(backend.failed_with, ErrorKind::client_gone);
  EXPECT_EQ(backend.body, "");
}

TEST_F(Http1ServerTest, KeepsNoMoreThanAHeadOfABodyThatNobodyTookYet) {
  backend.ready = false;
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n");
  for (int i = 0; i < 64; ++i) {
    client.sends(std::string(16 * 1024, 'x'));
    turn();
  }
  EXPECT_GT(client.unread(), 800 * 1024u);
  backend.take_body();
  turn();
  EXPECT_EQ(backend.body.size(), 1024 * 1024u);
}

TEST_F(Http1ServerTest, StopsReadingWhileTheBackendTakesNoMore) {
  backend.takes_more = false;
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n123");
  turn();
  client.sends("456");
  turn();
  EXPECT_EQ(backend.body, "123");
  backend.takes_more = true;
  backend.exchange().client_source->resume();
  turn();
  EXPECT_EQ(backend.body, "123456");
}

TEST_F(Http1ServerTest, GivesASecondAttemptTheWholeBodyAgain) {
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n123");
  turn();
  EXPECT_EQ(backend.body, "123");
  backend.body.clear();
  ++backend.exchange().marks.attempts;
  backend.take_body();
  turn();
  EXPECT_EQ(backend.body, "123");
  client.sends("456");
  EXPECT_EQ(backend.body, "123456");
}

TEST_F(Http1ServerTest, StopsTheBackendWhileTheClientTakesNoMore) {
  client.sends(get);
  backend.begin_answer(200, BodyKind::length, 8);
  client.takes_only(3);
  EXPECT_FALSE(backend.gives("12345678"));
  client.takes_all();
  EXPECT_EQ(backend.resumed, 1);
  EXPECT_THAT(client.got(), HasSubstr("12345678"));
}

TEST_F(Http1ServerTest, SendsABodyOfUnknownLengthInChunks) {
  client.sends(get);
  backend.begin_answer(200, BodyKind::close);
  backend.gives("abc");
  backend.ends();
  const std::string got = client.got();
  EXPECT_THAT(got, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(got, HasSubstr("\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
  EXPECT_FALSE(client.sees_end());
}

TEST_F(Http1ServerTest, EndsABodyOfUnknownLengthByClosingForAnHttp10Client) {
  client.sends("GET / HTTP/1.0\r\n\r\n");
  backend.begin_answer(200, BodyKind::chunked);
  backend.gives("abc");
  backend.ends();
  EXPECT_THAT(client.got(), testing::EndsWith("\r\n\r\nabc"));
  EXPECT_TRUE(client.closed());
  EXPECT_FALSE(client.was_reset());
}

TEST_F(Http1ServerTest, ResetsSoThatACutBodyDoesNotLookWhole) {
  client.sends("GET / HTTP/1.0\r\n\r\n");
  backend.begin_answer(200, BodyKind::chunked);
  backend.gives("abc");
  backend.breaks({.kind = ErrorKind::upstream_reset});
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(client.was_reset());
}

TEST_F(Http1ServerTest, ClosesWithoutTheLastChunkWhenTheAnswerBreaksOff) {
  client.sends(get);
  backend.begin_answer(200, BodyKind::chunked);
  backend.gives("abc");
  backend.breaks({.kind = ErrorKind::upstream_reset});
  EXPECT_THAT(client.got(), Not(HasSubstr("0\r\n\r\n")));
  EXPECT_TRUE(client.closed());
}

TEST_F(Http1ServerTest, AnswersAnErrorWithItsReasonAndGoesOn) {
  client.sends(get);
  backend.breaks({.kind = ErrorKind::no_endpoint});
  const std::string got = client.got();
  EXPECT_THAT(got, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_THAT(got, HasSubstr("x-skiff-reason: no_endpoint\r\n"));
  client.sends(get);
  EXPECT_EQ(backend.requests, 2);
}

TEST_F(Http1ServerTest, RefusesAMalformedRequestAndCloses) {
  client.sends(
      "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_THAT(client.got(), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client.sees_end());
  EXPECT_EQ(backend.requests, 0);
  EXPECT_EQ(refusals.size(), 1u);
}

TEST_F(Http1ServerTest, AnswersTheGoodRequestInFrontOfAMalformedOne) {
  client.sends(std::string(get) + "BAD\r\n\r\n");
  backend.answers(200, "fine");
  turn();
  const std::string got = client.got();
  EXPECT_THAT(got, HasSubstr("fine"));
  EXPECT_THAT(got, HasSubstr("HTTP/1.1 400"));
}

TEST_F(Http1ServerTest, RefusesABodyThatIsTooLarge) {
  settings.body_bytes = 4;
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  EXPECT_THAT(client.got(), StartsWith("HTTP/1.1 413"));
}

TEST_F(Http1ServerTest, RefusesAChunkedBodyThatBecomesTooLarge) {
  settings.body_bytes = 4;
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n");
  turn();
  EXPECT_EQ(backend.failed_with, ErrorKind::bad_request_body_too_large);
  EXPECT_THAT(client.got(), StartsWith("HTTP/1.1 413"));
}

TEST_F(Http1ServerTest, CutsAHeadThatTakesTooLong) {
  client.sends("GET / HTTP/1.1\r\nHost:");
  pass(settings.request_headers - 100ms);
  EXPECT_EQ(client.got(), "");
  pass(200ms);
  EXPECT_THAT(client.got(), StartsWith("HTTP/1.1 408"));
}

TEST_F(Http1ServerTest, ClosesAConnectionThatNeverAsks) {
  pass(settings.request_headers + 100ms);
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(client.got(), "");
}

TEST_F(Http1ServerTest, ClosesAnIdleConnection) {
  client.sends(get);
  backend.answers(200, "");
  pass(1s);
  EXPECT_FALSE(client.closed());
  clock.advance(settings.connection_idle);
  pass(100ms);
  EXPECT_TRUE(client.closed());
}

TEST_F(Http1ServerTest, AnswersAClientThatHasClosedItsHalf) {
  client.sends(get);
  client.ends();
  backend.answers(200, "late");
  EXPECT_THAT(client.got(), HasSubstr("late"));
  EXPECT_TRUE(client.closed());
}

TEST_F(Http1ServerTest, TakesAClientThatHasClosedItsHalfForGoneAfterAWhile) {
  client.sends(get);
  pass(10s);
  client.ends();
  pass(4900ms);
  EXPECT_TRUE(backend.has_exchange());
  pass(200ms);
  EXPECT_EQ(backend.failed_with, ErrorKind::client_gone);
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(client.got(), "");
}

TEST_F(Http1ServerTest, LetsAnAnswerThatHasBegunTakeItsTimeWhateverTheClientClosed) {
  client.sends(get);
  client.ends();
  pass(4s);
  backend.begin_answer(200, BodyKind::length, 6);
  backend.gives("abc");
  pass(60s);
  backend.gives("def");
  backend.ends();
  EXPECT_THAT(client.got(), HasSubstr("abcdef"));
  EXPECT_TRUE(client.closed());
}

TEST_F(Http1ServerTest, GivesEachPipelinedRequestItsTimeAfterTheClientClosedItsHalf) {
  client.sends(std::string(get) + std::string(get));
  client.ends();
  pass(4s);
  backend.answers(200, "first");
  turn();
  pass(4s);
  EXPECT_EQ(backend.requests, 2);
  backend.answers(200, "second");
  EXPECT_THAT(client.got(), HasSubstr("second"));
}

TEST_F(Http1ServerTest, WaitsForEverForAClientThatHasClosedItsHalfWhereToldTo) {
  settings.half_closed = 0s;
  client.sends(get);
  client.ends();
  pass(100s);
  backend.answers(200, "late");
  EXPECT_THAT(client.got(), HasSubstr("late"));
}

TEST_F(Http1ServerTest, TellsTheBackendThatTheClientIsGone) {
  client.sends(get);
  client.resets();
  EXPECT_EQ(backend.failed_with, ErrorKind::client_gone);
  EXPECT_TRUE(client.closed());
}

TEST_F(Http1ServerTest, AnAbandonedUploadIsTheClientsLoss) {
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12");
  turn();
  client.ends();
  EXPECT_EQ(backend.failed_with, ErrorKind::client_gone);
}

TEST_F(Http1ServerTest, LimitsTheTimeOfARequest) {
  backend.request_limit = 3s;
  client.sends(get);
  pass(2900ms);
  EXPECT_TRUE(backend.has_exchange());
  pass(200ms);
  EXPECT_EQ(backend.failed_with, ErrorKind::timeout_request);
  EXPECT_THAT(client.got(), HasSubstr("timeout_request"));
}

TEST_F(Http1ServerTest, WhatTakesTooLongMayBeAnsweredOtherwise) {
  Rescue rescue(backend);
  const ServerContext rescued{loop, exchanges, settings, context.owner, rescue};
  ScriptedPeer peer;
  connection = make_http1_server(rescued, ScriptedTransport::make(peer), {"192.0.2.1"});
  backend.request_limit = 3s;
  for (int i = 0; i < 2; ++i) {
    peer.sends(get);
    pass(3100ms);
    EXPECT_EQ(peer.got(), "HTTP/1.1 200 Rescued\r\nContent-Length: 0\r\n\r\n") << i;
  }
  connection.reset();
}

TEST_F(Http1ServerTest, WhatIsSilentMayGoOnElsewhere) {
  FakeBackend other;
  Rescue rescue(backend, &other);
  const ServerContext rescued{loop, exchanges, settings, context.owner, rescue};
  ScriptedPeer peer;
  connection = make_http1_server(rescued, ScriptedTransport::make(peer), {"192.0.2.1"});
  settings.stream_idle = 1s;
  peer.sends(get);
  pass(1100ms);
  ASSERT_TRUE(other.has_exchange()) << "and has its own time";
  pass(800ms);
  other.answers(200, "other");
  EXPECT_THAT(peer.got(), HasSubstr("other"));
  connection.reset();
}

TEST_F(Http1ServerTest, ResetsTheConnectionWhereAPolicyWantsIt) {
  client.sends(get);
  const ErrorAnswer reset{.reset = true};
  backend.breaks({.kind = ErrorKind::fault_injected, .answer = &reset});
  EXPECT_TRUE(client.was_reset());
  EXPECT_EQ(client.got(), "");
  turn();
  EXPECT_TRUE(is_closed);
}

TEST_F(Http1ServerTest, LimitsTheSilenceWithinARequest) {
  settings.stream_idle = 1s;
  client.sends(get);
  pass(2s);
  EXPECT_EQ(backend.failed_with, ErrorKind::timeout_stream_idle);
}

TEST_F(Http1ServerTest, RelaysInterimAnswersOnlyToThoseWhoAsked) {
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
  turn();
  backend.interim(100);
  EXPECT_THAT(client.got(), StartsWith("HTTP/1.1 100"));
  client.sends("x");
  backend.answers(200, "");
  client.got();
  client.sends(get);
  backend.interim(100);
  EXPECT_EQ(client.got(), "");
  backend.interim(103);
  EXPECT_THAT(client.got(), StartsWith("HTTP/1.1 103"));
}

TEST_F(Http1ServerTest, ClosesAfterAnAnswerThatCameBeforeTheRequestWasWhole) {
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n12");
  turn();
  backend.answers(413, "no");
  EXPECT_THAT(client.got(), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client.sees_end());
  EXPECT_FALSE(client.closed()) << "what the client still sends is read for a moment";
  client.ends();
  EXPECT_TRUE(client.closed());
}

TEST_F(Http1ServerTest, TunnelsAfter101) {
  client.sends(
      "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nEARLY");
  turn();
  EXPECT_EQ(backend.body, "") << "held until the backend agrees";
  backend.begin_answer(101, BodyKind::tunnel);
  backend.gives("hi");
  turn();
  EXPECT_EQ(backend.body, "EARLY");
  client.sends("more");
  EXPECT_EQ(backend.body, "EARLYmore");
  EXPECT_THAT(client.got(), testing::EndsWith("\r\n\r\nhi"));
  client.ends();
  EXPECT_TRUE(backend.body_ended);
  backend.ends();
  turn();
  EXPECT_TRUE(client.closed() || client.sees_end());
}

TEST_F(Http1ServerTest, EachDirectionOfATunnelEndsByItself) {
  client.sends(std::string(connect_request) + "early");
  EXPECT_EQ(backend.authority, "db.shop:5432");
  backend.begin_answer(200, BodyKind::tunnel);
  turn();
  EXPECT_EQ(backend.body, "early");
  backend.gives("all I have");
  Exchange& exchange = backend.exchange();
  exchange.client_sink->end({});
  exchange.client_sink->flush();
  EXPECT_EQ(client.got(), "HTTP/1.1 200 Fine\r\n\r\nall I have");
  EXPECT_TRUE(client.sees_end());
  EXPECT_FALSE(client.closed());

  client.sends(" and late");
  EXPECT_EQ(backend.body, "early and late");
  client.ends();
  EXPECT_TRUE(backend.body_ended);
  EXPECT_FALSE(client.closed()) << "it is still on its way";
  backend.leave();
  exchange.client_source->resume();
  turn();
  EXPECT_TRUE(client.closed());
  EXPECT_FALSE(client.was_reset());
}

TEST_F(Http1ServerTest, ATunnelSeesAnEndThatCameTogetherWithTheRequest) {
  client.sends(std::string(connect_request) + "all");
  client.ends_unseen();
  backend.begin_answer(200, BodyKind::tunnel);
  turn();
  EXPECT_EQ(backend.body, "all");
  EXPECT_TRUE(backend.body_ended);
}

TEST_F(Http1ServerTest, ATunnelThatBreaksDoesNotLookWhole) {
  client.sends(connect_request);
  backend.begin_answer(200, BodyKind::tunnel);
  backend.gives("half of it");
  backend.breaks({.kind = ErrorKind::upstream_reset});
  EXPECT_TRUE(client.was_reset());
}

TEST_F(Http1ServerTest, RefusedUpgradeLeavesWhatFollowedToFullTreatment) {
  client.sends(
      "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
      "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n");
  turn();
  backend.answers(426, "");
  turn();
  EXPECT_EQ(backend.requests, 2);
  EXPECT_EQ(backend.target, "/admin");
  EXPECT_EQ(backend.body, "");
}

TEST_F(Http1ServerTest, SaysCloseWhenItDrains) {
  client.sends(get);
  connection->drain();
  backend.answers(200, "");
  EXPECT_THAT(client.got(), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client.closed());
}

TEST_F(Http1ServerTest, ADrainingConnectionStillTakesARequestThatWasOnItsWay) {
  client.sends(get);
  backend.answers(200, "");
  client.got();
  connection->drain();
  pass(500ms);
  client.sends(get);
  EXPECT_EQ(backend.requests, 2);
  backend.answers(200, "");
  EXPECT_TRUE(client.closed());
}

TEST_F(Http1ServerTest, ADrainingConnectionThatLiesIdleIsClosed) {
  client.sends(get);
  backend.answers(200, "");
  connection->drain();
  pass(3s);
  EXPECT_TRUE(client.closed());
}

TEST_F(Http1ServerTest, ClosesAtTheLimitOfRequests) {
  settings.requests_per_connection = 2;
  client.sends(get);
  backend.answers(200, "");
  EXPECT_THAT(client.got(), Not(HasSubstr("close")));
  client.sends(get);
  backend.answers(200, "");
  EXPECT_THAT(client.got(), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client.closed());
}

TEST_F(Http1ServerTest, SeesAnEndThatCameTogetherWithTheRequest) {
  client.sends(get);
  backend.answers(200, "");
  client.ends();  // No edge is left to tell of it if it had come with the bytes.
  pass(300ms);
  EXPECT_TRUE(client.closed());
}

}  // namespace
}  // namespace skiff
