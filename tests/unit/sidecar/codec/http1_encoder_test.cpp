#include "sidecar/codec/http1_encoder.h"

#include <gtest/gtest.h>

#include <string>

#include "sidecar/codec/http1_parser.h"

namespace skiff {
namespace {

TEST(EncodeRequestHead, WritesFramingAnewAndTheRestAsItCame) {
  Arena arena;
  Request request;
  parse_request(
      "POST /x HTTP/1.1\r\nContent-Length: 007\r\nhOsT: A\r\naCcept: */*\r\nx:y\r\nConnection: "
      "close\r\nB: c\r\n\r\n",
      {}, arena, request);
  request.headers.add(arena, "via", "1.1 skiff");
  EXPECT_EQ(encode_request_head(request, arena),
            "POST /x HTTP/1.1\r\nHost: a\r\naCcept: */*\r\nx: y\r\nB: c\r\nvia: 1.1 skiff\r\n"
            "Content-Length: 7\r\n\r\n");
}

TEST(EncodeRequestHead, SaysWhatTheClientAskedForOfTheConnection) {
  Arena arena;
  Request request;
  request.method_name = "GET";
  request.target = "/";
  request.authority = "a";
  request.upgrade = "websocket";
  EXPECT_EQ(encode_request_head(request, arena),
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n");
  request.accepts_trailers = true;
  EXPECT_EQ(encode_request_head(request, arena),
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nTE: trailers\r\n"
            "Connection: upgrade, TE\r\n\r\n");
  request.upgrade = {};
  request.body = BodyKind::chunked;
  request.expects_continue = true;
  EXPECT_EQ(encode_request_head(request, arena),
            "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n"
            "Connection: TE\r\nExpect: 100-continue\r\n\r\n");
}

TEST(EncodeRequestHead, WritesAnEmptyHostWhereThereIsNone) {
  Arena arena;
  Request request;
  request.method_name = "GET";
  request.target = "/";
  EXPECT_EQ(encode_request_head(request, arena), "GET / HTTP/1.1\r\nHost: \r\n\r\n");
}

std::string encoded(const Response& response, const ResponseFraming& framing) {
  std::string text(response_head_bound(response), '\0');
  text.resize(encode_response_head(response, framing, text.data()));
  return text;
}

TEST(EncodeResponseHead, SaysTheLengthWhereItIsKnown) {
  Response response{.status = 200, .has_length = true};
  response.body = BodyKind::length;
  response.content_length = 12345678901234567890U;
  EXPECT_EQ(encoded(response, {}),
            "HTTP/1.1 200 OK\r\nContent-Length: 12345678901234567890\r\n\r\n");
}

TEST(EncodeResponseHead, SaysChunkedInsteadOfTheLength) {
  Response response{.status = 200, .body = BodyKind::chunked, .reason_phrase = "Fine"};
  EXPECT_EQ(encoded(response, {.chunked = true}),
            "HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(EncodeResponseHead, SaysWhatBecomesOfTheConnection) {
  const Response response{.status = 404};
  EXPECT_EQ(encoded(response, {.keep_alive = false}),
            "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(encoded(response, {.client_is_1_0 = true}),
            "HTTP/1.1 404 Not Found\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(encoded(response, {.keep_alive = false, .client_is_1_0 = true}),
            "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
}

TEST(EncodeResponseHead, SaysNothingOfABodyOrTheConnectionInFrontOfTheAnswer) {
  EXPECT_EQ(encoded({.status = 103}, {.keep_alive = false, .chunked = true}),
            "HTTP/1.1 103 Early Hints\r\n\r\n");
  EXPECT_EQ(encoded({.status = 200, .body = BodyKind::tunnel}, {.keep_alive = false}),
            "HTTP/1.1 200 OK\r\n\r\n");
}

TEST(EncodeResponseHead, SwitchesProtocols) {
  EXPECT_EQ(
      encoded({.status = 101, .body = BodyKind::tunnel, .upgrade = "websocket"}, {}),
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
}

TEST(EncodeResponseHead, FitsIntoItsBound) {
  Arena arena;
  Response response{.status = 599, .body = BodyKind::length, .has_length = true};
  response.content_length = ~std::uint64_t{0};
  for (int i = 0; i < 50; ++i) response.headers.add(arena, "x", "");
  EXPECT_LE(encoded(response, {.keep_alive = false}).size(), response_head_bound(response));
}

TEST(EncodeChunkSize, IsHexadecimal) {
  char to[18];
  const auto written = [&](std::size_t size) {
    return std::string(to, encode_chunk_size(size, to));
  };
  EXPECT_EQ(written(1), "1\r\n");
  EXPECT_EQ(written(26), "1a\r\n");
  EXPECT_EQ(written(~std::size_t{0}), "ffffffffffffffff\r\n");
}

TEST(EncodeLastChunk, EndsWithTheTrailers) {
  Arena arena;
  Headers trailers;
  EXPECT_EQ(encode_last_chunk(trailers, arena), "0\r\n\r\n");
  trailers.add(arena, "grpc-status", "0");
  EXPECT_EQ(encode_last_chunk(trailers, arena), "0\r\ngrpc-status: 0\r\n\r\n");
}

}  // namespace
}  // namespace skiff
