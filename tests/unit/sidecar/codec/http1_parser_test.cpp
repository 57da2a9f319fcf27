#include "sidecar/codec/http1_parser.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

// What each malformed message becomes stands in tests/conformance/http1.

namespace skiff {
namespace {

TEST(ParseRequest, FillsInWhatTheHeadSays) {
  Arena arena;
  Request request;
  const std::string bytes =
      "POST /a/b?c=d HTTP/1.1\r\nHost: Shop.Example:8080\r\nAccept: */*\r\nContent-Length: 5\r\n"
      "TE: trailers\r\nExpect: 100-continue\r\n\r\nhello";
  const Http1Head head = parse_request(bytes, {}, arena, request);
  ASSERT_EQ(head.status, Http1Head::Status::done);
  EXPECT_EQ(head.size, bytes.size() - 5);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_EQ(request.method, Method::post);
  EXPECT_EQ(request.method_name, "POST");
  EXPECT_EQ(request.version, Version::http_1_1);
  EXPECT_EQ(request.authority, "shop.example:8080");
  EXPECT_EQ(request.target, "/a/b?c=d");
  EXPECT_EQ(request.path, "/a/b");
  EXPECT_EQ(request.query, "c=d");
  EXPECT_EQ(request.body, BodyKind::length);
  EXPECT_EQ(request.content_length, 5U);
  EXPECT_TRUE(request.expects_continue);
  EXPECT_TRUE(request.accepts_trailers);
  ASSERT_EQ(request.headers.size(), 1U);
  EXPECT_EQ(request.headers.find("accept")->value(), "*/*");
}

TEST(ParseRequest, LeavesNothingThatPointsIntoTheBytesGiven) {
  Arena arena;
  Request request;
  std::string bytes =
      "PURGE /a/./b HTTP/1.1\r\nHost: a\r\nX: y\r\nConnection: upgrade\r\nUpgrade: z\r\n\r\n";
  ASSERT_EQ(parse_request(bytes, {}, arena, request).status, Http1Head::Status::done);
  std::memset(bytes.data(), '!', bytes.size());
  EXPECT_EQ(request.method_name, "PURGE");
  EXPECT_EQ(request.target, "/a/b");
  EXPECT_EQ(request.authority, "a");
  EXPECT_EQ(request.headers.find("x")->value(), "y");
  EXPECT_EQ(request.upgrade, "z");
}

TEST(ParseRequest, ForgetsTheRequestBefore) {
  Arena arena;
  Request request;
  parse_request("POST /?q HTTP/1.1\r\nHost: a\r\nX: y\r\nContent-Length: 5\r\n\r\n", {}, arena,
                request);
  parse_request("GET / HTTP/1.1\r\nHost: b\r\n\r\n", {}, arena, request);
  EXPECT_EQ(request.query, "");
  EXPECT_EQ(request.headers.size(), 0U);
  EXPECT_EQ(request.body, BodyKind::none);
  EXPECT_EQ(request.content_length, 0U);
}

TEST(ParseRequest, TakesNothingFromTheArenaBeforeTheHeadIsWhole) {
  Arena arena;
  Request request;
  const char* const before = arena.allocate(1, 1);
  const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n";
  for (std::size_t size = 0; size <= bytes.size(); ++size)
    EXPECT_EQ(parse_request(bytes.substr(0, size), {}, arena, request).status,
              Http1Head::Status::more);
  EXPECT_EQ(arena.allocate(1, 1), before + 1);
}

TEST(ParseRequest, KeepsAliveAsTheVersionAndConnectionSay) {
  const auto keeps_alive = [](const std::string& version, const std::string& connection) {
    Arena arena;
    Request request;
    return parse_request(
               "GET / " + version + "\r\nHost: a\r\nConnection: " + connection + "\r\n\r\n", {},
               arena, request)
        .keep_alive;
  };
  EXPECT_TRUE(keeps_alive("HTTP/1.1", ""));
  EXPECT_TRUE(keeps_alive("HTTP/1.1", "keep-alive"));
  EXPECT_FALSE(keeps_alive("HTTP/1.1", "x, Close"));
  EXPECT_FALSE(keeps_alive("HTTP/1.1", "keep-alive, close"));
  EXPECT_FALSE(keeps_alive("HTTP/1.0", ""));
  EXPECT_TRUE(keeps_alive("HTTP/1.0", "Keep-Alive"));
  EXPECT_FALSE(keeps_alive("HTTP/1.0", "keep-alive, close"));
}

ErrorKind refusal(const std::string& bytes, const Http1Limits& limits) {
  Arena arena;
  Request request;
  const Http1Head head = parse_request(bytes, limits, arena, request);
  return head.status == Http1Head::Status::bad ? head.error : ErrorKind::none;
}

TEST(ParseRequest, AllowsAHeadOfExactlyTheLimit) {
  const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(refusal(bytes, {.header_bytes = bytes.size()}), ErrorKind::none);
  EXPECT_EQ(refusal(bytes, {.header_bytes = bytes.size() - 1}),
            ErrorKind::bad_request_header_too_large);
  EXPECT_EQ(refusal(bytes.substr(0, 20), {.header_bytes = 20}),
            ErrorKind::bad_request_header_too_large)
      << "known before its end is there";
  EXPECT_EQ(refusal(bytes + std::string(1000, 'x'), {.header_bytes = bytes.size()}),
            ErrorKind::none)
      << "what follows does not count";
}

TEST(ParseRequest, AllowsAsManyFieldsAndAsLongALineAsTheLimitsSay) {
  const std::string bytes = "GET /234567 HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
  EXPECT_EQ(refusal(bytes, {.line_bytes = 20, .header_count = 2}), ErrorKind::none);
  EXPECT_EQ(refusal(bytes, {.header_count = 1}), ErrorKind::bad_request_too_many_headers);
  EXPECT_EQ(refusal(bytes, {.line_bytes = 19}), ErrorKind::bad_request_line_too_long);
}

TEST(ParseRequest, DropsWhatOnlyUnderscoresTellFromAProtectedFieldWhereTheLimitsSaySo) {
  const std::string bytes =
      "POST / HTTP/1.1\r\nContent_Length: 5\r\nHost: a\r\nmy_own: 1\r\nX_Forwarded_For: b\r\n"
      "Content-Length: 2\r\n\r\nok";
  EXPECT_EQ(refusal(bytes, {}), ErrorKind::bad_request_header);

  Arena arena;
  Request request;
  const Http1Head head = parse_request(bytes, {.drop_underscored = true}, arena, request);
  ASSERT_EQ(head.status, Http1Head::Status::done);
  EXPECT_EQ(head.size, bytes.size() - 2);
  EXPECT_EQ(request.content_length, 2U);
  ASSERT_EQ(request.headers.size(), 1U);
  EXPECT_EQ(request.headers.begin()->name(), "my_own");
}

TEST(ParseResponse, FillsInWhatTheHeadSays) {
  Arena arena;
  Response response;
  const std::string bytes =
      "HTTP/1.1 404 Nothing here\r\nServer: x\r\nContent-Length: 5\r\nDate: y\r\n\r\nhello";
  const Http1Head head = parse_response(bytes, {}, Request(), arena, response);
  ASSERT_EQ(head.status, Http1Head::Status::done);
  EXPECT_EQ(head.size, bytes.size() - 5);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.reason_phrase, "Nothing here");
  EXPECT_EQ(response.body, BodyKind::length);
  EXPECT_EQ(response.content_length, 5U);
  EXPECT_TRUE(response.has_length);
  ASSERT_EQ(response.headers.size(), 2U);
  EXPECT_GE(response.headers.begin()->name_at, bytes.data()) << "fields are not copied";
  EXPECT_LT(response.headers.begin()->name_at, bytes.data() + bytes.size());
}

bool may_be_used_again(const std::string& bytes, Method method = Method::get) {
  Arena arena;
  Request request;
  Response response;
  request.method = method;
  const Http1Head head = parse_response(bytes, {}, request, arena, response);
  EXPECT_EQ(head.status, Http1Head::Status::done) << bytes;
  return head.keep_alive;
}

// Cases A64 and A65.
TEST(ParseResponse, KeepsAliveOnlyWhereTheEndIsSure) {
  EXPECT_TRUE(may_be_used_again("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_TRUE(may_be_used_again("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
  EXPECT_TRUE(may_be_used_again("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Method::head));
  EXPECT_TRUE(may_be_used_again("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_TRUE(may_be_used_again("HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_TRUE(may_be_used_again("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_TRUE(
      may_be_used_again("HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_FALSE(may_be_used_again("HTTP/1.1 200 OK\r\n\r\n"));
  EXPECT_FALSE(may_be_used_again("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_FALSE(may_be_used_again("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_FALSE(
      may_be_used_again("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(may_be_used_again("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_FALSE(may_be_used_again("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"));
  EXPECT_FALSE(may_be_used_again("HTTP/1.1 200 OK\r\n\r\n", Method::connect));
}

TEST(ParseResponse, SaysBadResponseWhateverIsWrong) {
  Arena arena;
  Response response;
  for (const char* bytes : {"HTTP/1.1 200 OK\r\nX\r\n\r\n", "HTTP/1.1 999 X\r\n\r\n", "garbage\r\n",
                            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"}) {
    const Http1Head head = parse_response(bytes, {}, Request(), arena, response);
    EXPECT_EQ(head.status, Http1Head::Status::bad);
    EXPECT_EQ(head.error, ErrorKind::bad_response);
  }
}

}  // namespace
}  // namespace skiff
