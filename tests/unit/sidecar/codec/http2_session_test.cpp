#include "sidecar/codec/http2_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http2_pair.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(Http2Session, CarriesARequestAndItsAnswer) {
  Http2Pair pair;
  RecordedStream& asked = pair.request("/shoes");
  pair.turn();
  ASSERT_EQ(pair.server.streams.size(), 1U);
  RecordedStream& request = pair.server.stream();
  EXPECT_EQ(request.heads, (std::vector<std::string>{"/shoes\n"}));
  EXPECT_TRUE(request.ended);
  EXPECT_EQ(request.settled, 1);

  request.send({{":status", "200"}, {"x-a", "b"}});
  request.send_body("hello");
  request.ends();
  EXPECT_TRUE(request.flush_body());
  pair.turn();
  EXPECT_EQ(asked.heads, (std::vector<std::string>{"200\nx-a: b\n"}));
  EXPECT_EQ(asked.received, "hello");
  EXPECT_TRUE(asked.ended);
  ASSERT_TRUE(asked.over.has_value());
  ASSERT_TRUE(request.over.has_value());
  EXPECT_FALSE(asked.over->lost);
  EXPECT_EQ(pair.server.session->streams(), 0U);
  EXPECT_EQ(pair.client.session->streams(), 0U);
}

TEST(Http2Session, GathersTheAnswersOfOneTurnIntoOneWrite) {
  Http2Pair pair;
  for (int i = 0; i < 3; ++i) pair.request();
  pair.turn();
  for (const auto& stream : pair.server.streams) {
    stream->send({{":status", "200"}});
    stream->send_body("x");
    stream->ends();
    stream->flush_body();
  }
  EXPECT_EQ(pair.server.wire.got(), "") << "before the end of the turn";
  pair.turn();
  for (const auto& stream : pair.client.streams) EXPECT_TRUE(stream->ended);
}

TEST(Http2Session, KnowsHowManyStreamsThePeerAllows) {
  Http2Pair pair({.concurrent_streams = 2});
  EXPECT_FALSE(pair.client.session->heard());
  pair.turn();
  EXPECT_TRUE(pair.client.session->heard());
  EXPECT_GT(pair.client.changes, 0);
  EXPECT_EQ(pair.client.session->room(), 2U);
  pair.request();
  EXPECT_EQ(pair.client.session->room(), 1U);
  EXPECT_TRUE(pair.client.session->takes_extended_connect());
  EXPECT_FALSE(pair.server.session->takes_extended_connect());
}

TEST(Http2Session, ARefusedStreamIsProvedUnprocessed) {
  Http2Pair pair;
  pair.server.refuses = true;
  RecordedStream& asked = pair.request();
  pair.turn();
  ASSERT_TRUE(asked.over.has_value());
  EXPECT_EQ(asked.over->code, static_cast<std::uint32_t>(NGHTTP2_REFUSED_STREAM));
  EXPECT_TRUE(asked.over->unprocessed);
}

TEST(Http2Session, ALostConnectionIsToldToItsStreams) {
  Http2Pair pair;
  RecordedStream& sent = pair.request();
  pair.turn();
  RecordedStream& unsent = pair.request("/b");
  pair.client.wire.acknowledged = 1'000'000;
  pair.client.wire.ends();
  ASSERT_TRUE(sent.over.has_value());
  EXPECT_TRUE(sent.over->lost);
  EXPECT_FALSE(sent.over->unprocessed);
  ASSERT_TRUE(unsent.over.has_value());
  EXPECT_TRUE(pair.client.is_over);
  EXPECT_TRUE(pair.client.wire.closed());
  EXPECT_EQ(pair.client.session->room(), 0U);
}

TEST(Http2Session, AnOrderlyEndWithNothingAcknowledgedProvesThatNothingWasRead) {
  Http2Pair pair;
  RecordedStream& asked = pair.request();
  pair.turn();
  pair.client.wire.ends();
  ASSERT_TRUE(asked.over.has_value());
  EXPECT_TRUE(asked.over->unprocessed);
}

TEST(Http2Session, FindsOutByWritingThatThePeerIsGone) {
  Http2Pair pair;
  pair.turn();
  RecordedStream& asked = pair.request();
  pair.client.wire.resets_unseen();
  pair.turn();
  ASSERT_TRUE(asked.over.has_value());
  EXPECT_TRUE(asked.over->lost);
  EXPECT_TRUE(pair.client.is_over);
}

TEST(Http2Session, WaitsForAPeerThatDoesNotRead) {
  Http2Pair pair;
  RecordedStream& asked = pair.request();
  pair.turn();
  pair.server.wire.takes_only(10);
  RecordedStream& request = pair.server.stream();
  request.send({{":status", "200"}});
  request.gives(std::string(100'000, 'x'));
  pair.turn();
  EXPECT_TRUE(pair.server.session->is_blocked());
  request.ends();
  EXPECT_FALSE(request.flush_body());
  pair.server.wire.takes_all();
  for (int i = 0; i < 3; ++i) pair.turn();
  EXPECT_EQ(asked.received.size(), 100'000U);
  EXPECT_TRUE(asked.ended);
}

TEST(Http2Session, GoesAwayInTwoSteps) {
  Http2Pair pair;
  RecordedStream& first = pair.request();
  pair.turn();
  pair.server.session->go_away(true);
  RecordedStream& crossing = pair.request("/b");
  pair.turn();
  EXPECT_EQ(pair.client.session->room(), 0U);
  ASSERT_EQ(pair.server.streams.size(), 2U) << "what crossed the notice is served";
  pair.server.session->go_away(false);
  for (const auto& stream : pair.server.streams) {
    stream->send({{":status", "204"}});
    stream->ends();
    stream->flush_body();
  }
  pair.turn();
  EXPECT_TRUE(first.ended);
  EXPECT_TRUE(crossing.ended);
  EXPECT_TRUE(pair.client.is_over);
}

TEST(Http2Session, ClosesAtOnceWithAGoaway) {
  Http2Pair pair;
  RecordedStream& asked = pair.request();
  pair.turn();
  pair.server.session->close(NGHTTP2_NO_ERROR);
  EXPECT_TRUE(pair.server.is_over);
  EXPECT_TRUE(pair.server.stream().over->lost);
  pair.turn();
  pair.client.wire.ends();
  EXPECT_TRUE(asked.over.has_value());
}

TEST(Http2Session, ATooFrequentGlitchEndsTheConnection) {
  Http2Pair pair({.glitch_burst = 10, .glitches_per_second = 1});
  pair.turn();
  pair.server.session->glitch(10);
  pair.turn();
  EXPECT_TRUE(pair.server.session->is_open());
  pair.clock.advance(2s);
  pair.loop.refresh_now();
  pair.server.session->glitch(2);
  pair.turn();
  EXPECT_TRUE(pair.server.session->is_open());
  pair.server.session->glitch(1);
  pair.loop.io().restart();
  pair.loop.io().poll();
  EXPECT_FALSE(pair.server.session->is_open());
  EXPECT_EQ(pair.server.wire.got().at(16), NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_TRUE(pair.server.wire.sees_end());
  pair.clock.advance(2s);
  pair.loop.run_due();
  EXPECT_TRUE(pair.server.is_over);
}

TEST(Http2Session, WhatIsNoPrefaceEndsTheConnection) {
  Http2Pair pair;
  pair.server.wire.sends("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_FALSE(pair.server.session->is_open());
}

TEST(Http2Session, SeesAnEndThatCameWithTheLastBytes) {
  Http2Pair pair;
  pair.request();
  pair.turn();
  pair.client.wire.ends_unseen();
  pair.turn();
  EXPECT_FALSE(pair.client.is_over);
  pair.clock.advance(200ms);
  pair.loop.refresh_now();
  pair.loop.run_due();
  EXPECT_TRUE(pair.client.is_over);
}

}  // namespace
}  // namespace skiff
