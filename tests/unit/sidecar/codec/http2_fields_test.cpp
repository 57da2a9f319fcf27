#include "sidecar/codec/http2_fields.h"

#include <gtest/gtest.h>

#include <string>

namespace skiff {
namespace {

using Added = Http2Fields::Added;

struct Http2FieldsTest : testing::Test {
  Http2FieldsTest() { fields.begin(arena); }
  Added add(std::string_view name, std::string_view value) {
    return fields.add(name, value, limits);
  }

  Arena arena;
  Http1Limits limits;
  Http2Fields fields;
};

TEST_F(Http2FieldsTest, KeepsFieldsAsLinesOneBehindTheOther) {
  add("x-a", "1");
  add("x-b", "");
  ASSERT_EQ(fields.headers.size(), 2U);
  EXPECT_EQ(std::string(fields.headers.begin()->name_at, 15), "x-a: 1\r\nx-b: \r\n");
  EXPECT_TRUE(fields.headers.begin()->is_line);
  EXPECT_EQ(fields.headers.begin()[1].value(), "");
}

TEST_F(Http2FieldsTest, SortsWhatIsSpecial) {
  add(":method", "GET");
  add(":status", "200");
  add("host", "a");
  add("content-length", "5");
  add("expect", "100-Continue");
  add("te", "trailers");
  add("http2-settings", "x");
  add("keep-alive", "x");
  EXPECT_EQ(fields.headers.size(), 0U);
  EXPECT_EQ(fields.method, "GET");
  EXPECT_EQ(fields.status, "200");
  EXPECT_EQ(fields.host, "a");
  EXPECT_EQ(fields.length, "5");
  EXPECT_TRUE(fields.expects_continue);
  EXPECT_TRUE(fields.accepts_trailers);
  fields.begin(arena);
  EXPECT_EQ(fields.method, "");
}

TEST_F(Http2FieldsTest, CountsAllThatCame) {
  limits.header_count = 10;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(add("cookie", ""), Added::fine);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(add("http2-settings", ""), Added::fine);
  EXPECT_EQ(fields.broken_limit(), ErrorKind::none);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(add(":path", "/"), Added::over);
  EXPECT_EQ(fields.broken_limit(), ErrorKind::bad_request_too_many_headers);
  EXPECT_EQ(add("x", "y"), Added::far_over);
}

TEST_F(Http2FieldsTest, CountsBytesOfAllThatCame) {
  limits.header_bytes = 1'000;
  EXPECT_EQ(add("x", std::string(600, 'x')), Added::fine);
  EXPECT_EQ(add("y", std::string(400, 'x')), Added::over);
  EXPECT_EQ(fields.broken_limit(), ErrorKind::bad_request_header_too_large);
  EXPECT_EQ(fields.headers.size(), 1U) << "what is over is not kept";
  EXPECT_EQ(add("y", std::string(4'000, 'x')), Added::far_over);
}

TEST_F(Http2FieldsTest, AFieldIsNoLongerThanALine) {
  limits.line_bytes = 100;
  EXPECT_EQ(add("x", std::string(97, 'x')), Added::fine);
  EXPECT_EQ(add("x", std::string(98, 'x')), Added::over);
}

TEST_F(Http2FieldsTest, DropsMisleadingNamesWhereItIsToldTo) {
  add("x_forwarded_for", "1");
  EXPECT_EQ(fields.headers.size(), 1U) << "the request is refused for it";
  limits.drop_underscored = true;
  add("content_length", "1");
  add("my_own", "1");
  EXPECT_EQ(fields.headers.size(), 2U);
}

TEST_F(Http2FieldsTest, JoinsTheCrumbsOfACookie) {
  add("cookie", "a=1");
  fields.join_cookies();
  add("x", "y");
  add("cookie", "b=2");
  add("cookie", "c=3");
  fields.join_cookies();
  EXPECT_EQ(fields.headers.find(FieldId::cookie)->value(), "a=1; b=2; c=3");
  EXPECT_EQ(fields.headers.size(), 2U);
}

}  // namespace
}  // namespace skiff
