#include "sidecar/codec/http1_body.h"

#include <gtest/gtest.h>

#include <string>

// What malformed chunks become stands in tests/conformance/http1.

namespace skiff {
namespace {

struct Http1BodyTest : public testing::Test {
  Http1Body::Piece next(std::string text) {
    bytes = std::move(text);
    return body.next(bytes.data(), bytes.size(), arena);
  }

  Arena arena;
  Http1Body body;
  std::string bytes;
};

TEST_F(Http1BodyTest, HasEndedBeforeItBeganWhereThereIsNone) {
  body.start(BodyKind::none, 0);
  EXPECT_TRUE(body.ended());
  body.start(BodyKind::length, 0);
  EXPECT_TRUE(body.ended());
  const auto piece = next("GET / HTTP/1.1\r\n");
  EXPECT_TRUE(piece.ended);
  EXPECT_EQ(piece.consumed, 0U);
}

TEST_F(Http1BodyTest, CountsALengthDown) {
  body.start(BodyKind::length, 5);
  EXPECT_EQ(next("hel").data, "hel");
  EXPECT_EQ(body.remaining(), 2U);
  const auto piece = next("loGET");
  EXPECT_EQ(piece.data, "lo");
  EXPECT_EQ(piece.consumed, 2U);
  EXPECT_TRUE(piece.ended);
}

TEST_F(Http1BodyTest, NeverEndsByItselfWhereTheConnectionEndsIt) {
  for (const BodyKind kind : {BodyKind::close, BodyKind::tunnel}) {
    body.start(kind, 0);
    const auto piece = next("hello");
    EXPECT_EQ(piece.data, "hello");
    EXPECT_FALSE(piece.ended);
  }
}

TEST_F(Http1BodyTest, MovesSmallChunksTogether) {
  body.start(BodyKind::chunked, 0);
  const auto piece = next("3\r\nabc\r\n2;x=y\r\nde\r\n1\r\nf\r\n0\r\n\r\nGET");
  EXPECT_EQ(piece.data, "abcdef");
  EXPECT_TRUE(piece.ended);
  EXPECT_EQ(piece.consumed, std::string("3\r\nabc\r\n2;x=y\r\nde\r\n1\r\nf\r\n0\r\n\r\n").size());
}

TEST_F(Http1BodyTest, GivesALargeChunkBehindAnotherAsAPieceOfItsOwn) {
  body.start(BodyKind::chunked, 0);
  const std::string large(5000, 'x');
  bytes = "3\r\nabc\r\n1388\r\n" + large + "\r\n0\r\n\r\n";
  const auto first = body.next(bytes.data(), bytes.size(), arena);
  EXPECT_EQ(first.data, "abc");
  EXPECT_FALSE(first.ended);
  const auto second =
      body.next(bytes.data() + first.consumed, bytes.size() - first.consumed, arena);
  EXPECT_EQ(second.data, large);
  EXPECT_TRUE(second.ended);
  EXPECT_EQ(first.consumed + second.consumed, bytes.size());
}

TEST_F(Http1BodyTest, ConsumesFramingByteByByte) {
  body.start(BodyKind::chunked, 0);
  std::string data;
  for (const char c : std::string("5;n=\"v\"\r\nhello\r\n00\r\n")) {
    const auto piece = next(std::string(1, c));
    data += piece.data;
    ASSERT_EQ(piece.consumed, 1U);
  }
  EXPECT_EQ(data, "hello");
}

TEST_F(Http1BodyTest, LeavesAPartOfATrailersLineForLater) {
  body.start(BodyKind::chunked, 0);
  const auto first = next("0\r\nX-A: b\r\nX-C");
  EXPECT_EQ(first.consumed, std::string("0\r\nX-A: b\r\n").size());
  EXPECT_FALSE(first.ended);
  const auto second = next("X-C: d\r\n\r\nGET");
  EXPECT_TRUE(second.ended);
  EXPECT_EQ(second.consumed, std::string("X-C: d\r\n\r\n").size());
  ASSERT_EQ(body.trailers().size(), 2U);
  EXPECT_EQ(body.trailers().find("x-a")->value(), "b");
  EXPECT_EQ(body.trailers().find("x-c")->value(), "d");
}

TEST_F(Http1BodyTest, CountsTheTrailersThatItDrops) {
  body.start(BodyKind::chunked, 0);
  next("0\r\nHost: evil\r\nX-A: b\r\ncookie: c\r\nContent-Foo: d\r\n\r\n");
  EXPECT_EQ(body.trailers().size(), 1U);
  EXPECT_EQ(body.dropped_trailers(), 3U);
}

TEST_F(Http1BodyTest, KeepsRefusing) {
  body.start(BodyKind::chunked, 0);
  EXPECT_EQ(next("x").error, ErrorKind::bad_request_chunk);
  const auto again = next("5\r\nhello\r\n0\r\n\r\n");
  EXPECT_EQ(again.error, ErrorKind::bad_request_chunk);
  EXPECT_EQ(again.consumed, 0U);
  EXPECT_FALSE(again.ended);
}

TEST_F(Http1BodyTest, GivesTheDataInFrontOfAFaultWithTheFault) {
  body.start(BodyKind::chunked, 0);
  const auto piece = next("3\r\nabcX");
  EXPECT_EQ(piece.data, "abc");
  EXPECT_EQ(piece.error, ErrorKind::bad_request_chunk);
}

TEST_F(Http1BodyTest, ForgetsTheMessageBefore) {
  body.start(BodyKind::chunked, 0);
  next("0\r\nX-A: b\r\nHost: c\r\n\r\n");
  body.start(BodyKind::chunked, 0);
  EXPECT_EQ(body.trailers().size(), 0U);
  EXPECT_EQ(body.dropped_trailers(), 0U);
  EXPECT_FALSE(body.ended());
}

}  // namespace
}  // namespace skiff
