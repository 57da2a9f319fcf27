#include "sidecar/codec/http2_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http2_server_fixture.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

class Http2ServerTest : public Http2ServerFixture {};

TEST_F(Http2ServerTest, AClientMustSayItsPreface) {
  settings.request_headers = 1s;
  connect();
  pass(900ms);
  EXPECT_FALSE(is_closed);
  pass(200ms);
  EXPECT_TRUE(is_closed);
}

TEST_F(Http2ServerTest, WhatIsNoHttp2IsClosed) {
  connect();
  exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  pass(1100ms);
  EXPECT_TRUE(is_closed);
  EXPECT_EQ(backends.requests(), 0U);
}

TEST_F(Http2ServerTest, RestsAndLooksWhenItIsIdle) {
  connect_client();
  ask();
  backends[0].answers(200, "");
  turn();
  EXPECT_EQ(wire.rests, 0);
  pass(200ms);
  EXPECT_EQ(wire.rests, 1);
  pass(1s);
  EXPECT_EQ(wire.rests, 1);
}

TEST_F(Http2ServerTest, ClosesWhenItWasIdleForLong) {
  settings.connection_idle = 1s;
  connect_client();
  pass(900ms);
  EXPECT_FALSE(is_closed);
  pass(200ms);
  EXPECT_TRUE(client_over);
  client_wire.ends();
  wire.ends();
  turn();
  EXPECT_TRUE(is_closed);
}

TEST_F(Http2ServerTest, DrainsInTwoSteps) {
  connect_client();
  RecordedStream& first = ask();
  connection->drain();
  turn();
  EXPECT_EQ(session->room(), 0U);
  EXPECT_FALSE(is_closed);
  pass(1100ms);
  EXPECT_FALSE(is_closed) << "one is in flight";
  backends[0].answers(200, "last");
  turn();
  EXPECT_EQ(first.received, "last");
  EXPECT_TRUE(client_over);
  wire.ends();
  turn();
  EXPECT_TRUE(is_closed);
}

TEST_F(Http2ServerTest, ServesWhatCrossedTheFirstNotice) {
  connect();
  exchange(http2_hello());
  connection->drain();
  exchange(http2_get(1));
  ASSERT_EQ(backends.requests(), 1U);
  pass(1100ms);
  EXPECT_EQ(http2_goaway_code(exchange(http2_get(3))), 0) << "the two notices";
  EXPECT_EQ(backends.requests(), 1U) << "what comes after the second one is not";
}

TEST_F(Http2ServerTest, AnIdleConnectionDrainsAtOnceAfterTheNotice) {
  connect_client();
  connection->drain();
  pass(1100ms);
  EXPECT_TRUE(client_over);
}

TEST_F(Http2ServerTest, AgesWithAJitter) {
  settings.connection_age = 10s;
  connect_client();
  pass(8900ms);
  EXPECT_GT(session->room(), 0U);
  pass(2200ms);
  EXPECT_EQ(session->room(), 0U);
}

TEST_F(Http2ServerTest, SendsTheClientAwayAfterSoManyRequests) {
  settings.requests_per_connection = 2;
  connect_client();
  ask();
  EXPECT_GT(session->room(), 0U);
  RecordedStream& last = ask();
  EXPECT_EQ(session->room(), 0U);
  backends[0].answers(200, "");
  backends[1].answers(200, "last");
  turn();
  EXPECT_EQ(last.received, "last");
  EXPECT_TRUE(client_over);
}

TEST_F(Http2ServerTest, CutsAtOnce) {
  connect_client();
  ask();
  FakeBackend& backend = backends[0];
  connection->cut();
  EXPECT_TRUE(is_closed);
  EXPECT_EQ(backend.failed_with, ErrorKind::draining);
}

TEST_F(Http2ServerTest, IsDestroyedWithWhatIsInFlight) {
  connect_client();
  ask();
  FakeBackend& backend = backends[0];
  connection.reset();
  EXPECT_EQ(backend.failed_with, ErrorKind::draining);
}

// ---- Attacks

TEST_F(Http2ServerTest, RequestsThatAreResetAtOnceAreCounted) {
  settings.http2.glitch_burst = 100;
  connect();
  exchange(http2_hello());
  std::string burst;
  for (std::uint32_t i = 0; i < 3'000; ++i)
    burst += http2_get(2 * i + 1) + http2_reset(2 * i + 1, 8);
  EXPECT_EQ(http2_goaway_code(exchange(burst)), NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_LE(backends.requests(), 200U);
  for (const auto& backend : backends.all) EXPECT_FALSE(backend->has_exchange());
}

TEST_F(Http2ServerTest, ResetsThatItWasMadeToSendAreCounted) {
  settings.http2.glitch_burst = 100;
  connect();
  exchange(http2_hello());
  std::string burst;
  for (std::uint32_t i = 0; i < 500; ++i)
    burst += http2_get(2 * i + 1) +
             Http2Frame{Http2Frame::window_update, 0, 2 * i + 1, http2_number(0)}.bytes();
  EXPECT_NE(http2_goaway_code(exchange(burst)), -1);
  EXPECT_LE(backends.requests(), 300U);
}

// No faster than glitches are forgiven, were each counted once.
TEST_F(Http2ServerTest, RequestsThatAreResetAtAPaceAreCounted) {
  connect();
  exchange(http2_hello());
  std::int64_t code = -1;
  std::uint32_t sent = 0;
  while (code == -1 && sent < 3'000) {
    const std::uint32_t stream = 2 * sent++ + 1;
    code = http2_goaway_code(exchange(http2_get(stream) + http2_reset(stream, 8)));
    pass(10ms);
  }
  EXPECT_EQ(code, NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_LE(backends.requests(), 1'010U);
}

TEST_F(Http2ServerTest, NoMoreResetsThanAnswersAreFine) {
  settings.http2.glitch_burst = 10;
  settings.http2.glitches_per_second = 1;
  connect();
  exchange(http2_hello());
  for (std::uint32_t i = 0; i < 400; i += 4) {
    exchange(http2_get(i + 1) + http2_get(i + 3));
    backends[backends.requests() - 2].answers(200, "");
    EXPECT_EQ(http2_goaway_code(exchange(http2_reset(i + 3, NGHTTP2_CANCEL))), -1);
  }
  const std::uint32_t next = 401;
  std::string burst;
  for (std::uint32_t i = 0; i < 60; i += 2)
    burst += http2_get(next + i) + http2_reset(next + i, NGHTTP2_CANCEL);
  EXPECT_EQ(http2_goaway_code(exchange(burst)), NGHTTP2_ENHANCE_YOUR_CALM) << "what is left over";
}

TEST_F(Http2ServerTest, ResetsForWhatTheBackendDidAreNotCounted) {
  settings.http2.glitch_burst = 10;
  settings.http2.glitches_per_second = 1;
  connect();
  exchange(http2_hello());
  for (std::uint32_t i = 0; i < 100; i += 2) {
    exchange(http2_get(i + 1));
    FakeBackend& backend = backends[backends.requests() - 1];
    backend.begin_answer(200, BodyKind::length, 10);
    backend.breaks({.kind = ErrorKind::upstream_reset});
    const auto frames = exchange("");
    EXPECT_EQ(http2_reset_code(frames, i + 1), NGHTTP2_INTERNAL_ERROR);
    EXPECT_EQ(http2_goaway_code(frames), -1);
  }
}

struct Flood {
  const char* name;
  Http2Frame frame;
};

class Http2FloodTest : public Http2ServerTest, public testing::WithParamInterface<Flood> {};

TEST_P(Http2FloodTest, IsToldToCalmDown) {
  connect();
  exchange(
      http2_hello() +
      http2_head(1, {{":method", "POST"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}},
                 false));
  std::string flood;
  for (int i = 0; i < 20'000; ++i) flood += GetParam().frame.bytes();
  EXPECT_EQ(http2_goaway_code(exchange(flood)), NGHTTP2_ENHANCE_YOUR_CALM);
  pass(1100ms);
  EXPECT_TRUE(is_closed);
  EXPECT_EQ(backends[0].failed_with, ErrorKind::client_gone);
}

INSTANTIATE_TEST_SUITE_P(
    Frames, Http2FloodTest,
    testing::Values(Flood{"empty_data", {Http2Frame::data, 0, 1, {}}},
                    Flood{"padding",
                          {Http2Frame::data, Http2Frame::padded, 1, std::string(5, '\4')}},
                    Flood{"priority", {Http2Frame::priority, 0, 3, std::string(5, '\0')}},
                    Flood{"settings", {Http2Frame::settings, 0, 0, {}}},
                    Flood{"ping", {Http2Frame::ping, 0, 0, "12345678"}},
                    Flood{"window_update", {Http2Frame::window_update, 0, 0, http2_number(1)}}),
    [](const auto& each) { return each.param.name; });

// CVE-2026-27135.
TEST_F(Http2ServerTest, WhatComesAfterItsOwnGoawayIsIgnored) {
  settings.http2.glitch_burst = 10;
  connect();
  std::string flood = http2_hello();
  for (int i = 0; i < 20; ++i) flood += Http2Frame{Http2Frame::ping, 0, 0, "12345678"}.bytes();
  const std::string malformed = Http2Frame{Http2Frame::settings, 0, 7, "123"}.bytes();
  EXPECT_EQ(http2_goaway_code(exchange(flood)), NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_TRUE(exchange(malformed + http2_get(3)).empty());
  EXPECT_EQ(backends.requests(), 0U);
}

TEST_F(Http2ServerTest, AHeadLikeABombIsStopped) {
  connect();
  // One entry of the table, then references to it: `:authority`, then 0xbe again and again.
  std::string block = http2_block({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}});
  block += std::string("\x40\x01x\x64", 4) + std::string(100, 'y');
  block += std::string(16'000, '\xbe');
  const auto frames = exchange(
      http2_hello() +
      Http2Frame{Http2Frame::headers, Http2Frame::end_headers | Http2Frame::end_stream, 1, block}
          .bytes() +
      http2_get(3));
  EXPECT_NE(http2_reset_code(frames, 1), -1);
  EXPECT_EQ(backends.requests(), 1U) << "HPACK is still in step";
}

TEST_F(Http2ServerTest, AHashInThePathIsRefused) {
  connect();
  exchange(
      http2_hello() +
      http2_head(
          1, {{":method", "GET"}, {":scheme", "http"}, {":path", "/a#b"}, {":authority", "a"}}));
  EXPECT_EQ(backends.requests(), 0U);
  EXPECT_EQ(refusals, (std::vector<ErrorKind>{ErrorKind::bad_request_target}));
}

TEST_F(Http2ServerTest, FieldsThatMayNotBeResetTheStream) {
  const Http2Pairs bad[] = {{{"connection", "close"}},
                            {{"transfer-encoding", "chunked"}},
                            {{"upgrade", "h2c"}},
                            {{"te", "gzip"}},
                            {{"x", "a\r\nb: c"}},
                            {{"x", std::string("a\0b", 3)}},
                            {{"x", " a"}},
                            {{"X", "a"}},
                            {{"a b", "c"}},
                            {{"a:b", "c"}},
                            {{"", "c"}},
                            {{"content-length", "5"}},
                            {{":path", "/b"}}};
  connect();
  exchange(http2_hello());
  std::uint32_t stream = 1;
  for (const Http2Pairs& fields : bad) {
    const auto frames = exchange(http2_get(stream, fields));
    EXPECT_EQ(http2_reset_code(frames, stream), NGHTTP2_PROTOCOL_ERROR) << fields[0].first;
    stream += 2;
  }
  EXPECT_EQ(backends.requests(), 0U);
}

TEST_F(Http2ServerTest, MoreStreamsThanAllowedAreRefused) {
  settings.http2.concurrent_streams = 2;
  connect();
  exchange(http2_hello());
  const auto frames = exchange(http2_get(1) + http2_get(3) + http2_get(5));
  EXPECT_EQ(http2_reset_code(frames, 5), NGHTTP2_REFUSED_STREAM);
  EXPECT_EQ(backends.requests(), 2U);
}

TEST_F(Http2ServerTest, ABodyThatLiesAboutItsLengthIsBrokenOff) {
  connect();
  exchange(http2_hello() + http2_head(1,
                                      {{":method", "POST"},
                                       {":scheme", "http"},
                                       {":path", "/"},
                                       {":authority", "a"},
                                       {"content-length", "5"}},
                                      false));
  EXPECT_EQ(http2_reset_code(exchange(http2_data(1, "123", true)), 1), NGHTTP2_PROTOCOL_ERROR);
  EXPECT_EQ(backends[0].failed_with, ErrorKind::client_gone);
  EXPECT_FALSE(backends[0].body_ended);
}

TEST_F(Http2ServerTest, TakesBytesOneByOne) {
  connect();
  for (const char byte : http2_hello() + http2_get(1)) wire.sends({&byte, 1});
  EXPECT_EQ(backends.requests(), 1U);
}

}  // namespace
}  // namespace skiff
