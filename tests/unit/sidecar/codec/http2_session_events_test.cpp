#include "sidecar/codec/http2_session_events.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/http2_client_fixture.h"
#include "tests/support/http2_pair.h"

namespace skiff {
namespace {

RecordedStream& ask(Http2Pair& pair, RecordedStream::Fields fields) {
  pair.client.streams.push_back(
      std::make_unique<RecordedStream>(*pair.client.session, pair.client.arena, true));
  RecordedStream& stream = *pair.client.streams.back();
  RecordedStream::Fields all{
      {":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "shop"}};
  all.insert(all.end(), fields.begin(), fields.end());
  stream.send(all);
  stream.ends();
  stream.flush_body();
  pair.turn();
  return stream;
}

TEST(Http2Events, AFieldThatIsNoneResetsTheStream) {
  Http2Pair pair;
  for (const char* value : {"a\r\nb: c", "a\nb", " a", "a\t"}) {
    RecordedStream& asked = ask(pair, {{"x", value}});
    ASSERT_TRUE(asked.over.has_value()) << value;
    EXPECT_EQ(asked.over->code, static_cast<std::uint32_t>(NGHTTP2_PROTOCOL_ERROR));
    EXPECT_TRUE(pair.server.streams.back()->heads.empty());
  }
  EXPECT_TRUE(pair.server.session->is_open());
}

TEST(Http2Events, AHeadFarOverTheLimitsIsResetAndHpackStaysInStep) {
  Http2Pair pair({}, {.header_count = 10});
  const RecordedStream::Fields many(100, {"x-same", "value"});
  RecordedStream& asked = ask(pair, many);
  ASSERT_TRUE(asked.over.has_value());
  EXPECT_TRUE(pair.server.streams.back()->heads.empty());
  ask(pair, {{"x-same", "value"}, {"x-other", "value"}});
  EXPECT_EQ(pair.server.streams.back()->heads.at(0), "/\nx-same: value\nx-other: value\n");
}

TEST(Http2Events, HeadsLikeBombsEndTheConnection) {
  Http2Pair pair({.glitch_burst = 50, .glitches_per_second = 1}, {.header_count = 10});
  const RecordedStream::Fields many(100, {"x-same", "value"});
  for (int i = 0; i < 4; ++i) ask(pair, many);
  EXPECT_FALSE(pair.server.session->is_open());
}

TEST(Http2Events, AHeadJustOverTheLimitsIsTold) {
  Http2Pair pair({}, {.header_count = 10});
  ask(pair, RecordedStream::Fields(20, {"x-same", "value"}));
  EXPECT_EQ(pair.server.streams.back()->heads.size(), 1U);
}

TEST(Http2Events, TrailersOverTheLimitsResetTheStream) {
  Http2Pair pair({}, {.header_count = 10});
  RecordedStream& asked = pair.request("/", false);
  Headers trailers;
  for (int i = 0; i < 20; ++i) trailers.add(pair.client.arena, "x", "y");
  asked.ends(trailers);
  asked.flush_body();
  pair.turn();
  ASSERT_TRUE(asked.over.has_value());
  EXPECT_FALSE(pair.server.stream().ended);
}

class Http2EventsOfBackends : public Http2ClientTest {};

// RFC 9113, 8.1.
TEST_F(Http2EventsOfBackends, ResetsAfterWholeAnswersAreFine) {
  for (std::int32_t id = 1; id < 4'000; id += 2) {
    post();
    turn();
    backend.answers(id, "413", "no");
    std::string said = backend.says();
    backend.resets(id, NGHTTP2_NO_ERROR);
    wire.sends(said + backend.says());  // At once: we have not yet said that we want no more.
    turn();
    ASSERT_EQ(calls.back()->reply.status, 413) << id;
  }
  EXPECT_FALSE(is_gone);
  EXPECT_EQ(calls.back()->reply.status, 413);
}

TEST_F(Http2EventsOfBackends, ResetsWithoutAnswersEndTheConnection) {
  for (std::int32_t id = 1; id < 4'000 && !is_gone; id += 2) {
    start();
    turn();
    backend.resets(id, NGHTTP2_INTERNAL_ERROR);
    turn();
  }
  EXPECT_TRUE(is_gone);
}

}  // namespace
}  // namespace skiff
