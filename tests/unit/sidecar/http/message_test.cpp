#include "sidecar/http/message.h"

#include <gtest/gtest.h>

#include "sidecar/http/arena.h"

namespace skiff {
namespace {

TEST(Methods, AreKnownByTheirExactNames) {
  EXPECT_EQ(method_id("GET"), Method::get);
  EXPECT_EQ(method_id("HEAD"), Method::head);
  EXPECT_EQ(method_id("POST"), Method::post);
  EXPECT_EQ(method_id("PUT"), Method::put);
  EXPECT_EQ(method_id("DELETE"), Method::delete_);
  EXPECT_EQ(method_id("CONNECT"), Method::connect);
  EXPECT_EQ(method_id("OPTIONS"), Method::options);
  EXPECT_EQ(method_id("TRACE"), Method::trace);
  EXPECT_EQ(method_id("PATCH"), Method::patch);
  for (const char* name : {"get", "GETS", "GE", "", "PROPFIND"})
    EXPECT_EQ(method_id(name), Method::other) << name;
}

TEST(Methods, AreIdempotentAsTheRfcSays) {
  for (const char* name : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})
    EXPECT_TRUE(is_idempotent(method_id(name))) << name;
  for (const char* name : {"POST", "PATCH", "CONNECT", "LOCK"})
    EXPECT_FALSE(is_idempotent(method_id(name))) << name;
}

TEST(Requests, AreRepeatableByTheirMethodOrByAKey) {
  Arena arena;
  Request request;
  EXPECT_TRUE(is_repeatable(request));
  request.method = Method::post;
  EXPECT_FALSE(is_repeatable(request));
  request.headers.add(arena, "idempotency-key", "one");
  EXPECT_TRUE(is_repeatable(request));
}

TEST(Statuses, HaveTheirStandardPhrase) {
  EXPECT_EQ(standard_phrase(101), "Switching Protocols");
  EXPECT_EQ(standard_phrase(200), "OK");
  EXPECT_EQ(standard_phrase(308), "Permanent Redirect");
  EXPECT_EQ(standard_phrase(404), "Not Found");
  EXPECT_EQ(standard_phrase(417), "Expectation Failed");
  EXPECT_EQ(standard_phrase(421), "Misdirected Request");
  EXPECT_EQ(standard_phrase(429), "Too Many Requests");
  EXPECT_EQ(standard_phrase(431), "Request Header Fields Too Large");
  EXPECT_EQ(standard_phrase(504), "Gateway Timeout");
  EXPECT_EQ(standard_phrase(505), "HTTP Version Not Supported");
  for (const std::uint16_t status : {0, 99, 199, 306, 418, 499, 600, 65535})
    EXPECT_EQ(standard_phrase(status), "") << status;
}

}  // namespace
}  // namespace skiff
