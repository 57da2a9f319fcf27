#include "sidecar/codec/http2_server_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http2_server_fixture.h"
#include "tests/support/rescue.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

class Http2ServerStreamTest : public Http2ServerFixture {};

TEST_F(Http2ServerStreamTest, HandsARequestOnAndSendsTheAnswer) {
  connect_client();
  RecordedStream& got = ask();
  ASSERT_EQ(backends.requests(), 1U);
  FakeBackend& backend = backends[0];
  EXPECT_EQ(backend.method, "GET");
  EXPECT_EQ(backend.target, "/a");
  EXPECT_EQ(backend.authority, "shop");
  EXPECT_EQ(backend.exchange().client_address, "192.0.2.1");
  EXPECT_TRUE(backend.exchange().request_ended);
  backend.answers(200, "hello");
  turn();
  EXPECT_EQ(got.heads.at(0), "200\n");
  EXPECT_EQ(got.received, "hello");
  EXPECT_TRUE(got.ended);
  EXPECT_FALSE(backend.has_exchange());
}

TEST_F(Http2ServerStreamTest, CarriesManyAtOnce) {
  connect_client();
  for (int i = 0; i < 50; ++i) ask();
  ASSERT_EQ(backends.requests(), 50U);
  for (std::size_t i = 50; i-- > 0;) backends[i].answers(200, std::to_string(i));
  turn();
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(asked[i]->received, std::to_string(i));
}

TEST_F(Http2ServerStreamTest, PassesABodyOn) {
  connect_client();
  RecordedStream& got = ask({}, false, "POST");
  got.send_body("one ");
  got.flush_body();
  turn();
  EXPECT_EQ(backends[0].body, "one ");
  got.send_body("two");
  got.ends();
  got.flush_body();
  turn();
  EXPECT_EQ(backends[0].body, "one two");
  EXPECT_TRUE(backends[0].body_ended);
  EXPECT_TRUE(backends[0].exchange().request_ended);
  EXPECT_EQ(backends[0].exchange().marks.request_bytes, 7U);
}

TEST_F(Http2ServerStreamTest, KeepsTheBodyUntilABackendIsThere) {
  backends.ready = false;
  connect_client();
  RecordedStream& got = ask({}, false, "POST");
  got.send_body("body");
  got.ends();
  got.flush_body();
  turn();
  EXPECT_EQ(backends[0].body, "");
  EXPECT_FALSE(backends[0].exchange().request_ended);
  backends[0].take_body();
  turn();
  EXPECT_EQ(backends[0].body, "body");
  EXPECT_TRUE(backends[0].body_ended);
}

TEST_F(Http2ServerStreamTest, GivesAnotherAttemptWhatTheFirstGot) {
  connect_client();
  RecordedStream& got = ask({}, false, "POST");
  got.send_body("body");
  got.flush_body();
  turn();
  FakeBackend& backend = backends[0];
  Exchange& under_way = backend.exchange();
  backend.body.clear();
  ++under_way.marks.attempts;  // As a stage that tries again.
  backend.take_body();
  turn();
  EXPECT_EQ(backend.body, "body");
  got.send_body(" and more");
  got.ends();
  got.flush_body();
  turn();
  EXPECT_EQ(backend.body, "body and more");
  EXPECT_TRUE(backend.body_ended);
}

TEST_F(Http2ServerStreamTest, ABackendThatTakesNoMoreStopsTheClient) {
  settings.http2.stream_window = 100'000;
  connect_client();
  RecordedStream& got = ask({}, false, "POST");
  backends[0].takes_more = false;
  got.gives(std::string(500'000, 'x'));
  turn();
  EXPECT_LE(backends[0].body.size(), 100'000U);
  EXPECT_GT(got.waiting(), 0U);
  backends[0].takes_more = true;
  for (int i = 0; i < 20 && backends[0].body.size() < 500'000; ++i) {
    backends[0].exchange().client_source->resume();
    turn();
  }
  EXPECT_EQ(backends[0].body.size(), 500'000U);
}

TEST_F(Http2ServerStreamTest, AClientThatTakesNoMoreStopsTheBackend) {
  connect_client({.stream_window = 50'000});
  RecordedStream& got = ask();
  got.takes = false;
  backends[0].begin_answer(200, BodyKind::length, 100'000);
  EXPECT_FALSE(backends[0].gives(std::string(60'000, 'x')));
  turn();
  EXPECT_EQ(backends[0].resumed, 0);
  EXPECT_EQ(got.received.size(), 50'000U);
  got.taken(50'000);
  turn();
  EXPECT_EQ(backends[0].resumed, 1);
  EXPECT_EQ(got.received.size(), 60'000U);
}

TEST_F(Http2ServerStreamTest, AClientsResetEndsTheExchange) {
  connect_client();
  RecordedStream& got = ask();
  FakeBackend& backend = backends[0];
  got.reset(NGHTTP2_CANCEL);
  turn();
  EXPECT_EQ(backend.failed_with, ErrorKind::client_gone);
  EXPECT_FALSE(is_closed);
}

TEST_F(Http2ServerStreamTest, ALostConnectionEndsAllExchanges) {
  connect_client();
  ask();
  ask();
  backends[1].begin_answer(200, BodyKind::chunked);
  backends[1].gives("half");
  turn();
  wire.resets();
  EXPECT_EQ(backends[0].failed_with, ErrorKind::client_gone);
  EXPECT_EQ(backends[1].failed_with, ErrorKind::client_gone);
  EXPECT_TRUE(is_closed);
}

TEST_F(Http2ServerStreamTest, AFailureBeforeTheAnswerIsAnAnswer) {
  connect_client();
  RecordedStream& got = ask();
  backends[0].breaks({.kind = ErrorKind::connect_failed});
  turn();
  EXPECT_THAT(got.heads.at(0), StartsWith("503\n"));
  EXPECT_THAT(got.heads.at(0), HasSubstr("x-skiff-reason: connect_failed"));
  EXPECT_THAT(got.received, HasSubstr("connect_failed"));
  EXPECT_TRUE(got.ended);
}

TEST_F(Http2ServerStreamTest, AFailureAfterItBeganResetsTheStream) {
  connect_client();
  RecordedStream& got = ask();
  backends[0].begin_answer(200, BodyKind::length, 10);
  backends[0].gives("half");
  turn();
  backends[0].breaks({.kind = ErrorKind::upstream_reset});
  turn();
  EXPECT_FALSE(got.ended);
  ASSERT_TRUE(got.over.has_value());
  EXPECT_EQ(got.over->code, static_cast<std::uint32_t>(NGHTTP2_INTERNAL_ERROR));
  ask();
  EXPECT_EQ(backends.requests(), 2U) << "the connection goes on";
}

TEST_F(Http2ServerStreamTest, CallersOfGrpcGetTrailersAlone) {
  connect_client();
  RecordedStream& got = ask({{"content-type", "application/grpc+proto"}}, false, "POST");
  backends[0].breaks({.kind = ErrorKind::no_endpoint});
  turn();
  EXPECT_EQ(got.heads.at(0),
            "200\ncontent-type: application/grpc\ngrpc-status: 14\ngrpc-message: no_endpoint\n"
            "x-skiff-reason: no_endpoint\n");
  EXPECT_EQ(got.received, "");
  EXPECT_TRUE(got.ended);
}

TEST_F(Http2ServerStreamTest, RefusesBadRequestsByTheirStatus) {
  connect_client();
  RecordedStream& got = ask({{"x_forwarded_for", "1"}});
  EXPECT_THAT(got.heads.at(0), StartsWith("400\n"));
  EXPECT_EQ(backends.requests(), 0U);
  EXPECT_EQ(refusals, (std::vector<ErrorKind>{ErrorKind::bad_request_header}));
  EXPECT_FALSE(is_closed);
}

TEST_F(Http2ServerStreamTest, RefusesHeadsOverTheLimits) {
  settings.limits.header_count = 20;
  connect_client();
  RecordedStream& got = ask(RecordedStream::Fields(30, {"cookie", "a"}));
  EXPECT_THAT(got.heads.at(0), StartsWith("431\n"));
  EXPECT_EQ(refusals, (std::vector<ErrorKind>{ErrorKind::bad_request_too_many_headers}));
}

TEST_F(Http2ServerStreamTest, RefusesBodiesOverTheLimit) {
  settings.body_bytes = 10;
  connect_client();
  RecordedStream& said = ask({{"content-length", "11"}}, false, "POST");
  EXPECT_THAT(said.heads.at(0), StartsWith("413\n"));
  EXPECT_EQ(backends.requests(), 0U);
  RecordedStream& grown = ask({}, false, "POST");
  grown.send_body("12345678901");
  grown.flush_body();
  turn();
  EXPECT_THAT(grown.heads.at(0), StartsWith("413\n"));
  EXPECT_EQ(backends[0].failed_with, ErrorKind::bad_request_body_too_large);
  EXPECT_EQ(backends[0].body, "");
}

TEST_F(Http2ServerStreamTest, AnEarlyAnswerStopsTheUpload) {
  connect_client();
  RecordedStream& got = ask({}, false, "POST");
  backends[0].answers(403, "no");
  turn();
  EXPECT_EQ(got.received, "no");
  EXPECT_TRUE(got.ended);
  ASSERT_TRUE(got.over.has_value());
  EXPECT_EQ(got.over->code, static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
}

TEST_F(Http2ServerStreamTest, PassesInterimAnswersOn) {
  connect_client();
  RecordedStream& got = ask({{"expect", "100-continue"}}, false, "POST");
  backends[0].interim(100);
  turn();
  backends[0].interim(103);
  turn();
  backends[0].answers(200, "");
  turn();
  EXPECT_EQ(got.heads, (std::vector<std::string>{"100\n", "103\n", "200\n"}));
}

TEST_F(Http2ServerStreamTest, TrailersGoBothWays) {
  connect_client();
  RecordedStream& got = ask({}, false, "POST");
  Headers trailers;
  trailers.add(arena, "x-sum", "1");
  got.send_body("a");
  got.ends(trailers);
  got.flush_body();
  turn();
  EXPECT_TRUE(backends[0].body_ended);
  backends[0].begin_answer(200, BodyKind::chunked);
  backends[0].gives("text");
  backends[0].ends(trailers);
  turn();
  EXPECT_EQ(got.received, "text");
  EXPECT_EQ(got.trailers, "x-sum: 1\n");
}

TEST_F(Http2ServerStreamTest, HeadGetsNoBody) {
  connect_client();
  RecordedStream& got = ask({}, true, "HEAD");
  backends[0].breaks({.kind = ErrorKind::no_route});
  turn();
  EXPECT_THAT(got.heads.at(0), StartsWith("404\n"));
  EXPECT_EQ(got.received, "");
  EXPECT_TRUE(got.ended);
}

// ---- Extended CONNECT

class Http2TunnelTest : public Http2ServerStreamTest {
 protected:
  RecordedStream& open() {
    connect_client();
    return ask({{":protocol", "websocket"}, {"sec-websocket-version", "13"}}, false, "CONNECT");
  }
};

TEST_F(Http2TunnelTest, LooksLikeAnUpgradeToTheStages) {
  open();
  const Request& request = backends[0].exchange().request;
  EXPECT_EQ(request.method, Method::get);
  EXPECT_EQ(request.upgrade, "websocket");
  EXPECT_EQ(request.headers.find("sec-websocket-key")->value().size(), 24U);
}

TEST_F(Http2TunnelTest, HoldsWhatFollowsUntilTheSwitch) {
  RecordedStream& got = open();
  got.send_body("GET /admin");
  got.flush_body();
  turn();
  EXPECT_EQ(backends[0].body, "");
  backends[0].begin_answer(101, BodyKind::tunnel);
  backends[0].gives("hi");
  turn();
  EXPECT_EQ(got.heads.at(0), "200\n");
  EXPECT_EQ(got.received, "hi");
  EXPECT_EQ(backends[0].body, "GET /admin");
  got.send_body(" more");
  got.ends();
  got.flush_body();
  turn();
  EXPECT_EQ(backends[0].body, "GET /admin more");
  EXPECT_TRUE(backends[0].body_ended);
  backends[0].ends();
  turn();
  EXPECT_TRUE(got.ended);
}

TEST_F(Http2TunnelTest, WithoutASwitchNothingOfItIsPassedOn) {
  RecordedStream& got = open();
  got.send_body("GET /admin");
  got.flush_body();
  turn();
  FakeBackend& backend = backends[0];
  backend.answers(403, "no");
  turn();
  EXPECT_EQ(got.heads.at(0), "403\n");
  EXPECT_EQ(backend.body, "");
  EXPECT_EQ(got.over->code, static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
}

TEST_F(Http2TunnelTest, AnAnswerThatLooksLikeASwitchIsRefused) {
  RecordedStream& got = open();
  backends[0].begin_answer(200, BodyKind::length, 2);
  turn();
  EXPECT_THAT(got.heads.at(0), StartsWith("502\n"));
  EXPECT_THAT(got.heads.at(0), HasSubstr("bad_response"));
}

// ---- Time

TEST_F(Http2ServerStreamTest, AnswersWhenTheRequestTakesTooLong) {
  backends.request_limit = 1s;
  connect_client();
  RecordedStream& got = ask();
  pass(1100ms);
  EXPECT_THAT(got.heads.at(0), StartsWith("504\n"));
  EXPECT_EQ(backends[0].failed_with, ErrorKind::timeout_request);
}

// With a stage that lets no failure through.
class Http2RescuedTest : public Http2ServerStreamTest {
 protected:
  ~Http2RescuedTest() override { connection.reset(); }

  void connect_rescued(Forwarder* elsewhere) {
    rescue.emplace(backends, elsewhere);
    rescued.emplace(ServerContext{loop, exchanges, settings, context.owner, *rescue});
    in_use = &*rescued;
    connect_client();
  }

  std::optional<Rescue> rescue;
  std::optional<ServerContext> rescued;
  FakeBackend other;
};

TEST_F(Http2RescuedTest, WhatTakesTooLongMayBeAnsweredOtherwise) {
  backends.request_limit = 1s;
  connect_rescued(nullptr);
  RecordedStream& got = ask();
  pass(1100ms);
  ASSERT_EQ(got.heads.size(), 1u);
  EXPECT_THAT(got.heads[0], StartsWith("200\n"));
  EXPECT_TRUE(got.ended);
}

TEST_F(Http2RescuedTest, WhatIsSilentMayGoOnElsewhere) {
  settings.stream_idle = 1s;
  connect_rescued(&other);
  RecordedStream& got = ask();
  pass(1100ms);
  ASSERT_TRUE(other.has_exchange()) << "and has its own time";
  pass(800ms);
  other.answers(200, "other");
  turn();
  EXPECT_EQ(got.received, "other");
}

TEST_F(Http2ServerStreamTest, ResetsTheStreamWhereAPolicyWantsIt) {
  connect_client();
  RecordedStream& got = ask();
  RecordedStream& other = ask();
  const ErrorAnswer reset{.reset = true};
  backends[0].breaks({.kind = ErrorKind::fault_injected, .answer = &reset});
  backends[1].answers(200, "fine");
  turn();
  EXPECT_TRUE(got.over.has_value());
  EXPECT_TRUE(got.heads.empty());
  EXPECT_TRUE(other.ended);
}

TEST_F(Http2ServerStreamTest, ResetsWhenTheAnswerTakesTooLong) {
  backends.request_limit = 1s;
  connect_client();
  RecordedStream& got = ask();
  backends[0].begin_answer(200, BodyKind::chunked);
  backends[0].gives("half");
  pass(1100ms);
  EXPECT_FALSE(got.ended);
  ASSERT_TRUE(got.over.has_value());
  EXPECT_EQ(backends[0].failed_with, ErrorKind::timeout_request);
}

TEST_F(Http2ServerStreamTest, AStreamWithoutBytesEnds) {
  settings.stream_idle = 1s;
  connect_client();
  RecordedStream& got = ask();
  pass(1100ms);
  EXPECT_THAT(got.heads.at(0), HasSubstr("timeout_stream_idle"));
}

TEST_F(Http2ServerStreamTest, AZeroWindowEndsTheStream) {
  settings.stream_idle = 1s;
  connect_client({.stream_window = 10});
  RecordedStream& got = ask();
  got.takes = false;
  backends[0].answers(200, std::string(100, 'x'));
  turn();
  EXPECT_EQ(got.received.size(), 10U);
  EXPECT_FALSE(got.over.has_value());
  pass(1100ms);
  ASSERT_TRUE(got.over.has_value());
  EXPECT_FALSE(got.ended);
  EXPECT_FALSE(is_closed);
}

TEST_F(Http2ServerStreamTest, AClientThatReadsNothingLosesItsConnection) {
  settings.stream_idle = 1s;
  connect_client();
  ask();
  wire.takes_only(10);
  backends[0].begin_answer(200, BodyKind::length, 100'000);
  backends[0].gives(std::string(50'000, 'x'));
  pass(2500ms);
  EXPECT_TRUE(is_closed);
  EXPECT_EQ(backends[0].failed_with, ErrorKind::timeout_stream_idle);
}

TEST_F(Http2ServerStreamTest, AHeadMustBecomeWhole) {
  settings.request_headers = 1s;
  connect();
  exchange(http2_hello());
  exchange(Http2Frame{Http2Frame::headers, 0, 1, http2_block({{":method", "GET"}})}.bytes());
  pass(900ms);
  EXPECT_FALSE(is_closed);
  pass(200ms);
  EXPECT_TRUE(is_closed);
  EXPECT_EQ(refusals, (std::vector<ErrorKind>{ErrorKind::timeout_request_headers}));
}

}  // namespace
}  // namespace skiff
