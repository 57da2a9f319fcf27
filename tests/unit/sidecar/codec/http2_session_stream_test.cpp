#include "sidecar/codec/http2_session_stream.h"

#include <gtest/gtest.h>

#include "tests/support/http2_pair.h"

namespace skiff {
namespace {

// A request that waits for its answer.
struct Http2StreamTest : testing::Test {
  RecordedStream& accept(const Http2Limits& limits = {}) {
    pair = std::make_unique<Http2Pair>(limits);
    asked = &pair->request("/", false);
    pair->turn();
    answer = &pair->server.stream();
    return *answer;
  }

  std::unique_ptr<Http2Pair> pair;
  RecordedStream* asked = nullptr;
  RecordedStream* answer = nullptr;
};

TEST_F(Http2StreamTest, SendsABodyInPieces) {
  accept();
  asked->send_body("one ");
  asked->send_body("two ");
  EXPECT_TRUE(asked->flush_body());
  pair->turn();
  EXPECT_EQ(answer->received, "one two ");
  EXPECT_FALSE(answer->ended);
  asked->send_body("three");
  asked->ends();
  asked->flush_body();
  pair->turn();
  EXPECT_EQ(answer->received, "one two three");
  EXPECT_TRUE(answer->ended);
}

TEST_F(Http2StreamTest, MorePiecesThanFitAreKept) {
  accept();
  std::string all;
  std::vector<std::string> pieces;
  for (std::size_t i = 0; i < 20; ++i)
    all += pieces.emplace_back(i * 1'000, static_cast<char>('a' + i));
  for (std::size_t i = 0; i < 20; ++i) {
    asked->send_body(pieces[i]);
    if (i % 10 == 9) asked->flush_body();
  }
  pair->turn();
  EXPECT_TRUE(answer->received == all);
}

TEST_F(Http2StreamTest, LargePiecesAreSentBeforeFlushReturns) {
  accept();
  std::string body(40'000, 'x');
  asked->send_body(body);
  EXPECT_TRUE(asked->flush_body());
  std::fill(body.begin(), body.end(), '!');  // It was borrowed only until now.
  pair->turn();
  EXPECT_TRUE(answer->received == std::string(40'000, 'x'));
}

TEST_F(Http2StreamTest, SendsTrailers) {
  accept();
  Headers trailers;
  trailers.add(pair->client.arena, "X-Sum", "12");
  trailers.add(pair->client.arena, "authorization", "me");
  asked->send_body("abc");
  asked->ends(trailers);
  asked->flush_body();
  pair->turn();
  EXPECT_EQ(answer->received, "abc");
  EXPECT_EQ(answer->trailers, "x-sum: 12\n");
}

TEST_F(Http2StreamTest, TrailersWithoutABody) {
  accept();
  Headers trailers;
  trailers.add(pair->server.arena, "grpc-status", "0");
  answer->send({{":status", "200"}});
  answer->ends(trailers);
  answer->flush_body();
  pair->turn();
  EXPECT_EQ(asked->received, "");
  EXPECT_EQ(asked->trailers, "grpc-status: 0\n");
  EXPECT_TRUE(asked->ended);
}

TEST_F(Http2StreamTest, TheWindowStopsASenderUntilItIsTaken) {
  accept({.stream_window = 100'000});
  answer->takes = false;
  const std::string piece(60'000, 'x');
  asked->send_body(piece);
  EXPECT_TRUE(asked->flush_body());
  asked->send_body(piece);
  EXPECT_FALSE(asked->flush_body());
  pair->turn();
  EXPECT_EQ(answer->received.size(), 100'000U);
  EXPECT_EQ(answer->untaken(), 100'000U);
  EXPECT_EQ(asked->waiting(), 20'000U);
  EXPECT_EQ(asked->drains, 0);
  answer->taken(60'000);
  pair->turn();
  EXPECT_EQ(answer->received.size(), 120'000U);
  EXPECT_EQ(asked->drains, 1);
}

TEST_F(Http2StreamTest, TheConnectionsWindowIsGivenBackWithTheStream) {
  accept({.stream_window = 100'000, .connection_window = 150'000});
  for (int i = 0; i < 10; ++i) {
    RecordedStream& other = pair->request("/other", false);
    pair->turn();
    RecordedStream& taker = *pair->server.streams.back();
    taker.takes = false;
    other.gives(std::string(80'000, 'x'));
    pair->turn();
    EXPECT_EQ(taker.received.size(), 80'000U);
    taker.reset(NGHTTP2_CANCEL);
    pair->turn();
    EXPECT_EQ(other.over->code, static_cast<std::uint32_t>(NGHTTP2_CANCEL));
  }
}

TEST_F(Http2StreamTest, OneThatIsNotReadDoesNotHoldUpAnother) {
  accept();
  answer->takes = false;
  asked->gives(std::string(500'000, 'x'));
  RecordedStream& other = pair->request("/other", false);
  other.gives(std::string(500'000, 'y'));
  other.ends();
  other.flush_body();
  for (int i = 0; i < 5; ++i) pair->turn();
  EXPECT_EQ(pair->server.streams.back()->received.size(), 500'000U);
  EXPECT_LE(answer->received.size(), pair->limits.stream_window);
}

TEST_F(Http2StreamTest, AClientsResetLeavesTheSessionAtOnce) {
  accept();
  asked->reset(NGHTTP2_CANCEL);
  EXPECT_FALSE(asked->over.has_value());
  EXPECT_EQ(pair->client.session->streams(), 0U);
  pair->turn();
  EXPECT_EQ(answer->over->code, static_cast<std::uint32_t>(NGHTTP2_CANCEL));
}

TEST_F(Http2StreamTest, ARequestThatWasNeverSubmittedIsNeverSeen) {
  accept();
  {
    RecordedStream unsent(*pair->client.session, pair->client.arena, true);
    unsent.send({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}});
  }
  pair->turn();
  EXPECT_EQ(pair->server.streams.size(), 1U);
}

TEST_F(Http2StreamTest, ARequestThatWaitsForRoomMayLeave) {
  accept({.concurrent_streams = 1});
  {
    auto arena = std::make_unique<Arena>();
    RecordedStream waits(*pair->client.session, *arena, true);
    waits.send({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}});
    waits.ends();
    waits.flush_body();
    pair->turn();
    waits.reset(NGHTTP2_CANCEL);
  }
  answer->send({{":status", "200"}});
  answer->ends();
  answer->flush_body();
  asked->ends();
  asked->flush_body();
  pair->turn();
  EXPECT_TRUE(asked->over.has_value());
  EXPECT_EQ(pair->server.streams.size(), 1U);
}

TEST_F(Http2StreamTest, AnInterimHeadComesBeforeTheFinalOne) {
  accept();
  answer->send_early();
  answer->send({{":status", "200"}});
  answer->ends();
  answer->flush_body();
  pair->turn();
  EXPECT_EQ(asked->heads, (std::vector<std::string>{"103\n", "200\n"}));
}

}  // namespace
}  // namespace skiff
