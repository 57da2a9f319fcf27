#include "sidecar/codec/http2_headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace skiff {
namespace {

using testing::ElementsAre;
using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Http2HeadersTest : testing::Test {
  Http2Fields& head(const Pairs& pairs) {
    fields.begin(arena);
    for (const auto& [name, value] : pairs) last = fields.add(name, value, limits);
    fields.join_cookies();
    return fields;
  }
  ErrorKind request_of(const Pairs& pairs, bool ended = true) {
    begin_anew(request);
    return read_http2_request(head(pairs), ended, "a2V5", arena, request);
  }
  // A GET, but for what `changed` says.
  ErrorKind get_with(const Pairs& changed, bool ended = true) {
    Pairs all{{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "shop"}};
    for (const auto& change : changed) {
      const auto same = [&](const auto& pair) { return pair.first == change.first; };
      std::erase_if(all, same);
      if (change.first[0] == ':') all.insert(all.begin(), change);
    }
    for (const auto& change : changed)
      if (change.first[0] != ':') all.push_back(change);
    return request_of(all, ended);
  }
  bool answer_of(const Pairs& pairs, bool ended = false) {
    return read_http2_response(head(pairs), ended, request, arena, response);
  }
  static std::vector<std::string> lines_of(std::span<const nghttp2_nv> submitted) {
    std::vector<std::string> lines;
    for (const nghttp2_nv& nv : submitted) {
      std::string line(reinterpret_cast<const char*>(nv.name), nv.namelen);
      lines.push_back(
          line.append("=").append(reinterpret_cast<const char*>(nv.value), nv.valuelen));
    }
    return lines;
  }

  Arena arena;
  Http1Limits limits;
  Http2Fields fields;
  Http2Fields::Added last = Http2Fields::Added::fine;
  Request request;
  Response response;
};

TEST_F(Http2HeadersTest, MakesARequest) {
  EXPECT_EQ(get_with({{":path", "/a//%62?c=%2f"},
                      {":authority", "Shop:80"},
                      {"x-a", "1"},
                      {"te", "trailers"},
                      {"http2-settings", "AA"},
                      {"proxy-authorization", "x"}}),
            ErrorKind::none);
  EXPECT_EQ(request.method, Method::get);
  EXPECT_EQ(request.version, Version::http_2);
  EXPECT_EQ(request.target, "/a/b?c=%2f");
  EXPECT_EQ(request.path, "/a/b");
  EXPECT_EQ(request.query, "c=%2f");
  EXPECT_EQ(request.authority, "shop:80");
  EXPECT_EQ(request.body, BodyKind::none);
  EXPECT_TRUE(request.accepts_trailers);
  ASSERT_EQ(request.headers.size(), 1U);
  EXPECT_EQ(std::string(request.headers.begin()->name_at, 8), "x-a: 1\r\n");
}

TEST_F(Http2HeadersTest, RefusesTargetsWithoutACanonicalForm) {
  for (const char* path : {"/a#b", "/a%2fb", "/../x", "*", "/a b"})
    EXPECT_EQ(get_with({{":path", path}}), ErrorKind::bad_request_target) << path;
  EXPECT_EQ(get_with({{":method", "OPTIONS"}, {":path", "*"}}), ErrorKind::none);
  EXPECT_EQ(request.target, "*");
  EXPECT_EQ(get_with({{":scheme", "ftp"}}), ErrorKind::bad_request_target);
}

TEST_F(Http2HeadersTest, HostAndAuthorityMustAgree) {
  EXPECT_EQ(get_with({{"host", "SHOP"}}), ErrorKind::none);
  EXPECT_EQ(get_with({{"host", "other"}}), ErrorKind::bad_request_host);
  EXPECT_EQ(get_with({{":authority", ""}, {"host", "other"}}), ErrorKind::none);
  EXPECT_EQ(request.authority, "other");
  EXPECT_EQ(get_with({{":authority", ""}}), ErrorKind::bad_request_host);
  EXPECT_EQ(get_with({{":authority", "a/b"}}), ErrorKind::bad_request_host);
  EXPECT_EQ(get_with({{":authority", "user@shop"}}), ErrorKind::bad_request_host);
}

TEST_F(Http2HeadersTest, RefusesMethodsAndNamesThatMislead) {
  EXPECT_EQ(get_with({{":method", "TRACE"}}), ErrorKind::bad_request_trace);
  EXPECT_EQ(get_with({{":method", "get"}}), ErrorKind::bad_request_method);
  EXPECT_EQ(get_with({{"x_forwarded_for", "1"}}), ErrorKind::bad_request_header);
  EXPECT_EQ(get_with({{"expect", "the-worst"}}), ErrorKind::bad_request_expectation);
}

TEST_F(Http2HeadersTest, KnowsHowTheBodyEnds) {
  EXPECT_EQ(get_with({{"content-length", "5"}}, false), ErrorKind::none);
  EXPECT_EQ(request.body, BodyKind::length);
  EXPECT_EQ(request.content_length, 5U);
  EXPECT_EQ(get_with({{"expect", "100-continue"}}, false), ErrorKind::none);
  EXPECT_EQ(request.body, BodyKind::chunked);
  EXPECT_TRUE(request.expects_continue);
  EXPECT_EQ(get_with({{"content-length", "5"}}, true), ErrorKind::bad_request_framing);
  EXPECT_EQ(get_with({{"content-length", "0"}}, true), ErrorKind::none);
  EXPECT_EQ(get_with({{"content-length", "+5"}}, false), ErrorKind::bad_request_framing);
}

TEST_F(Http2HeadersTest, JoinsTheCrumbsOfACookie) {
  EXPECT_EQ(get_with({{"cookie", "a=1"}}), ErrorKind::none);
  const Pairs crumbs{{":method", "GET"},  {":scheme", "http"}, {":path", "/"},
                     {":authority", "a"}, {"cookie", "a=1"},   {"x", "y"},
                     {"cookie", "b=2"},   {"cookie", "c=3"}};
  EXPECT_EQ(request_of(crumbs), ErrorKind::none);
  EXPECT_EQ(request.headers.find(FieldId::cookie)->value(), "a=1; b=2; c=3");
  EXPECT_EQ(request.headers.size(), 2U);
}

TEST_F(Http2HeadersTest, ExtendedConnectIsAnUpgrade) {
  EXPECT_EQ(
      get_with({{":method", "CONNECT"}, {":protocol", "websocket"}, {":path", "/chat"}}, false),
      ErrorKind::none);
  EXPECT_EQ(request.method, Method::get);
  EXPECT_EQ(request.method_name, "GET");
  EXPECT_EQ(request.upgrade, "websocket");
  EXPECT_EQ(request.target, "/chat");
  EXPECT_EQ(request.body, BodyKind::none);
  EXPECT_EQ(request.headers.find("sec-websocket-key")->value(), "a2V5");
}

TEST_F(Http2HeadersTest, ConnectNeedsAPortAndHasNoBody) {
  const Pairs connect{{":method", "CONNECT"}, {":authority", "a:80"}};
  EXPECT_EQ(request_of(connect, false), ErrorKind::none);
  EXPECT_EQ(request.target, "a:80");
  EXPECT_EQ(request.body, BodyKind::none);
  EXPECT_EQ(request_of({{":method", "CONNECT"}, {":authority", "a"}}), ErrorKind::bad_request_host);
}

TEST_F(Http2HeadersTest, MakesAnAnswer) {
  EXPECT_TRUE(answer_of({{":status", "200"}, {"content-length", "5"}, {"x", "y"}}));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, BodyKind::length);
  EXPECT_EQ(response.content_length, 5U);
  EXPECT_EQ(response.headers.size(), 1U);
  EXPECT_TRUE(answer_of({{":status", "200"}}));
  EXPECT_EQ(response.body, BodyKind::chunked);
  EXPECT_TRUE(answer_of({{":status", "200"}}, true));
  EXPECT_EQ(response.body, BodyKind::length);
  EXPECT_TRUE(response.has_length);
  EXPECT_TRUE(answer_of({{":status", "204"}}, true));
  EXPECT_EQ(response.body, BodyKind::none);
  EXPECT_FALSE(response.has_length);
  request.method = Method::head;
  EXPECT_TRUE(answer_of({{":status", "200"}, {"content-length", "5"}}, true));
  EXPECT_EQ(response.body, BodyKind::none);
  EXPECT_EQ(response.content_length, 5U);
}

TEST_F(Http2HeadersTest, RefusesAnswersThatAreNone) {
  for (const char* status : {"20", "2000", "abc", "", "099", "+20"})
    EXPECT_FALSE(answer_of({{":status", status}})) << status;
  EXPECT_FALSE(answer_of({{":status", "103"}}, true));
  limits.header_count = 1;
  EXPECT_FALSE(answer_of({{":status", "200"}, {"x", "y"}}));
}

TEST_F(Http2HeadersTest, TheAnswerToAnExtendedConnectIsASwitch) {
  request.upgrade = "websocket";
  request.headers.add(arena, "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_TRUE(answer_of({{":status", "200"}}));
  EXPECT_EQ(response.status, 101);
  EXPECT_EQ(response.body, BodyKind::tunnel);
  // RFC 6455, 1.3.
  EXPECT_EQ(response.headers.find("sec-websocket-accept")->value(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_TRUE(answer_of({{":status", "404"}}));
  EXPECT_EQ(response.status, 404);
}

TEST_F(Http2HeadersTest, SubmitsARequest) {
  request.method_name = "POST";
  request.method = Method::post;
  request.authority = "shop";
  request.target = "/a?b";
  request.body = BodyKind::length;
  request.content_length = 12;
  request.accepts_trailers = true;
  request.headers.add(arena, "X-Name", "Value");
  EXPECT_THAT(lines_of(http2_request_fields(request, arena)),
              ElementsAre(":method=POST", ":scheme=http", ":path=/a?b", ":authority=shop",
                          "x-name=Value", "content-length=12", "te=trailers"));
}

TEST_F(Http2HeadersTest, SubmitsAnUpgradeAsAnExtendedConnect) {
  request.method_name = "GET";
  request.authority = "shop";
  request.target = "/chat";
  request.upgrade = "websocket";
  request.headers.add(arena, "Sec-WebSocket-Key", "x");
  request.headers.add(arena, "Sec-WebSocket-Version", "13");
  EXPECT_THAT(lines_of(http2_request_fields(request, arena)),
              ElementsAre(":method=CONNECT", ":protocol=websocket", ":scheme=http", ":path=/chat",
                          ":authority=shop", "sec-websocket-version=13"));
}

TEST_F(Http2HeadersTest, SubmitsAnAnswer) {
  response.status = 404;
  response.has_length = true;
  response.content_length = 3;
  response.headers.add(arena, "Server", "x");
  EXPECT_THAT(lines_of(http2_response_fields(response, arena)),
              ElementsAre(":status=404", "server=x", "content-length=3"));
  response = {};
  response.status = 200;
  response.has_length = true;
  response.headers.add(arena, "grpc-status", "7");
  EXPECT_THAT(lines_of(http2_response_fields(response, arena)),
              ElementsAre(":status=200", "grpc-status=7"));
  response = {};
  response.status = 101;
  response.upgrade = "websocket";
  response.headers.add(arena, "sec-websocket-accept", "x");
  EXPECT_THAT(lines_of(http2_response_fields(response, arena)), ElementsAre(":status=200"));
}

TEST_F(Http2HeadersTest, WhatIsAnotherEachTimeIsNotIndexed) {
  response.status = 200;
  response.headers.add(arena, "x-request-id", "1");
  response.headers.add(arena, "x-other", "1");
  const auto submitted = http2_response_fields(response, arena);
  EXPECT_NE(submitted[1].flags & NGHTTP2_NV_FLAG_NO_INDEX, 0);
  EXPECT_EQ(submitted[2].flags & NGHTTP2_NV_FLAG_NO_INDEX, 0);
}

TEST_F(Http2HeadersTest, TrailersBringNothingThatOthersDecideBy) {
  const Headers& trailers =
      read_http2_trailers(head({{"grpc-status", "0"}, {"authorization", "x"}, {"x-skiff-a", "b"}}));
  ASSERT_EQ(trailers.size(), 1U);
  EXPECT_THAT(lines_of(http2_trailer_fields(trailers, arena)), ElementsAre("grpc-status=0"));
}

}  // namespace
}  // namespace skiff
