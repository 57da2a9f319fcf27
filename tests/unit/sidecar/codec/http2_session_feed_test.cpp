#include <gtest/gtest.h>

#include "sidecar/codec/http2_session.h"
#include "tests/support/http2_client_fixture.h"
#include "tests/support/http2_server_fixture.h"

namespace skiff {
namespace {

class Http2SessionFeedTest : public Http2ServerFixture {};

TEST_F(Http2SessionFeedTest, AHeadOnAStreamThatTheClientHasEndedIsAnError) {
  connect();
  exchange(http2_hello() + http2_get(1));
  backends[0].answers(200, "");
  exchange("");
  EXPECT_EQ(http2_goaway_code(exchange(http2_get(1))), NGHTTP2_STREAM_CLOSED);
}

TEST_F(Http2SessionFeedTest, WhatComesOnAStreamThatItHasResetIsForgiven) {
  connect();
  exchange(
      http2_hello() +
      http2_head(1, {{":method", "POST"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}},
                 false));
  backends[0].answers(403, "");
  EXPECT_EQ(http2_reset_code(exchange(""), 1), NGHTTP2_NO_ERROR);
  EXPECT_EQ(http2_goaway_code(exchange(http2_data(1, "x") + http2_get(1) + http2_get(3))), -1);
  EXPECT_EQ(backends.requests(), 2U);
}

TEST_F(Http2SessionFeedTest, ABodyOnAStreamThatTheClientHasEndedIsAnError) {
  connect();
  exchange(http2_hello() + http2_get(1));
  backends[0].answers(200, "");
  exchange("");
  EXPECT_EQ(http2_goaway_code(exchange(http2_data(1, "x", true))), NGHTTP2_STREAM_CLOSED);
}

TEST_F(Http2SessionFeedTest, WhatComesOnAStreamThatTheClientHasResetIsAnErrorOfThatStream) {
  connect();
  exchange(http2_hello() + http2_get(1) + http2_get(3) + http2_reset(3, NGHTTP2_CANCEL));
  for (const std::string& late : {http2_data(3, "x"), http2_get(3)}) {
    exchange(http2_get(5) + http2_reset(5, NGHTTP2_CANCEL));
    const auto frames = exchange(late);
    EXPECT_EQ(http2_goaway_code(frames), -1);
  }
  const auto frames = exchange(http2_get(7) + http2_reset(7, NGHTTP2_CANCEL) + http2_data(7, "x"));
  EXPECT_EQ(http2_reset_code(frames, 7), NGHTTP2_STREAM_CLOSED);
  EXPECT_EQ(http2_goaway_code(frames), -1);
  backends[0].answers(200, "");
  EXPECT_FALSE(exchange("").empty()) << "the other stream is unharmed";
}

// One window's worth of it can have been on its way; more cannot.
TEST_F(Http2SessionFeedTest, WhatComesLateEndsTheConnectionOnlyWhereItCannotHaveBeenOnItsWay) {
  settings.http2 = {.stream_window = 100'000, .glitch_burst = 50, .glitches_per_second = 1};
  connect();
  exchange(
      http2_hello() +
      http2_head(1, {{":method", "POST"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}},
                 false));
  backends[0].answers(403, "");
  exchange("");
  std::string late;
  for (int i = 0; i < 1'000; ++i) late += http2_data(1, std::string(100, 'x'));
  EXPECT_EQ(http2_goaway_code(exchange(late)), -1);
  EXPECT_EQ(http2_goaway_code(exchange(late)), NGHTTP2_ENHANCE_YOUR_CALM);
}

TEST_F(Http2SessionFeedTest, AStreamThatDependsOnItselfIsAnError) {
  connect();
  exchange(http2_hello() + http2_get(1));
  const Http2Frame other{Http2Frame::priority, 0, 3, http2_number(1) + '\1'};
  EXPECT_EQ(http2_goaway_code(exchange(other.bytes())), -1);
  const Http2Frame itself{Http2Frame::priority, 0, 3, http2_number(3) + '\1'};
  EXPECT_EQ(http2_goaway_code(exchange(itself.bytes())), NGHTTP2_PROTOCOL_ERROR);
}

TEST_F(Http2SessionFeedTest, NumbersOfStreamsMustGrow) {
  connect();
  exchange(http2_hello() + http2_get(5));
  EXPECT_EQ(http2_goaway_code(exchange(http2_get(3))), NGHTTP2_PROTOCOL_ERROR);
}

// The same of a client's connection, whose peer sends by hand.
class Http2SessionFeedClientTest : public Http2ClientTest {
 protected:
  std::string answer(bool ends = true) {
    const auto flags = static_cast<std::uint8_t>(Http2Frame::end_headers | (ends ? 1 : 0));
    return Http2Frame{Http2Frame::headers, flags, 1, "\x88"}.bytes();  // :status: 200
  }
  // What the client says to it.
  std::vector<Http2Frame> says(const std::string& bytes) {
    wire.got();
    wire.sends(bytes);
    loop.io().restart();
    loop.io().poll();
    return http2_frames(wire.got());
  }
};

TEST_F(Http2SessionFeedClientTest, ABodyOnAStreamThatTheBackendHasEndedIsAnError) {
  start();
  turn();
  says(answer());
  EXPECT_EQ(calls[0]->reply.status, 200);
  EXPECT_EQ(http2_goaway_code(says(http2_data(1, "x"))), NGHTTP2_STREAM_CLOSED);
  EXPECT_TRUE(is_gone);
}

TEST_F(Http2SessionFeedClientTest, ABodyOnAStreamThatTheBackendHasResetIsAnErrorOfThatStream) {
  start();
  turn();
  const auto frames = says(answer(false) + http2_reset(1, NGHTTP2_CANCEL) + http2_data(1, "x"));
  EXPECT_EQ(http2_reset_code(frames, 1), NGHTTP2_STREAM_CLOSED);
  EXPECT_FALSE(is_gone);
}

TEST_F(Http2SessionFeedClientTest, WhatComesOnAStreamThatAGoodbyeClosedIsForgiven) {
  start();
  start();
  turn();
  backend.says_goaway(1);
  turn();
  EXPECT_EQ(http2_goaway_code(says(http2_data(3, "x"))), -1);
  EXPECT_FALSE(is_gone);
}

}  // namespace
}  // namespace skiff
