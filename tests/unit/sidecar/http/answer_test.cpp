#include "sidecar/http/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace skiff {
namespace {

using testing::HasSubstr;

struct AnswerTest : testing::Test {
  std::string_view field(std::string_view name) const {
    const Field* const found = response.headers.find(name);
    return found == nullptr ? std::string_view("-") : found->value();
  }
  std::string_view answer(ErrorKind kind) {
    return answer_for({.kind = kind}, request, arena, response);
  }
  void call(std::string_view type) {
    request.version = Version::http_2;
    request.headers.clear();
    request.headers.add(arena, "content-type", type);
  }

  Arena arena;
  Request request;
  Response response;
};

TEST_F(AnswerTest, SaysTheReason) {
  const std::string_view body = answer(ErrorKind::no_endpoint);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(field("x-skiff-reason"), "no_endpoint");
  EXPECT_EQ(field("retry-after"), "1");
  EXPECT_THAT(std::string(body), HasSubstr(R"("reason":"no_endpoint")"));
  EXPECT_EQ(response.content_length, body.size());
}

TEST_F(AnswerTest, RoundsUpHowManySecondsToWait) {
  using namespace std::chrono_literals;
  for (const auto& [wait, seconds] :
       {std::pair<Duration, const char*>{1ms, "1"}, {1s, "1"}, {1001ms, "2"}, {0s, "1"}}) {
    const ErrorAnswer own{.retry_after = wait};
    answer_for({.kind = ErrorKind::circuit_open, .answer = &own}, request, arena, response);
    EXPECT_EQ(field("retry-after"), seconds);
  }
}

TEST_F(AnswerTest, ACallOfGrpcGetsTrailersAlone) {
  for (const char* type : {"application/grpc", "application/grpc+proto", "Application/GRPC;a=b"}) {
    call(type);
    EXPECT_EQ(answer(ErrorKind::connect_failed), "") << type;
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, BodyKind::none);
    EXPECT_FALSE(response.has_length);
    EXPECT_EQ(field("content-type"), "application/grpc");
    EXPECT_EQ(field("grpc-status"), "14");
    EXPECT_EQ(field("grpc-message"), "connect_failed");
    EXPECT_EQ(field("x-skiff-reason"), "connect_failed");
  }
}

TEST_F(AnswerTest, WhatOnlyLooksLikeGrpcIsNone) {
  for (const char* type : {"application/grpc-web", "application/grp", "text/html"}) {
    call(type);
    answer(ErrorKind::connect_failed);
    EXPECT_EQ(response.status, 503) << type;
  }
  call("application/grpc");
  request.version = Version::http_1_1;
  answer(ErrorKind::connect_failed);
  EXPECT_EQ(response.status, 503);
}

TEST_F(AnswerTest, TheStatusOfGrpcFollowsTheReason) {
  call("application/grpc");
  const std::pair<ErrorKind, std::string_view> expected[] = {
      {ErrorKind::bad_request_target, "13"},
      {ErrorKind::denied, "7"},
      {ErrorKind::jwt_missing, "16"},
      {ErrorKind::jwt_audience, "16"},
      {ErrorKind::no_route, "12"},
      {ErrorKind::upstream_reset, "14"},
      {ErrorKind::timeout_request, "4"},
      {ErrorKind::timeout_stream_idle, "4"},
      {ErrorKind::timeout_connect, "14"},
      {ErrorKind::overload, "14"},
      {ErrorKind::bad_request_body_too_large, "8"}};
  for (const auto& [kind, status] : expected) {
    answer(kind);
    EXPECT_EQ(field("grpc-status"), status) << about(kind).reason;
  }
}

TEST_F(AnswerTest, TheStatusOfGrpcMayBeAPolicysOwn) {
  call("application/grpc");
  const ErrorAnswer own{.status = 500, .grpc_status = 8};
  answer_for({.kind = ErrorKind::fault_injected, .answer = &own}, request, arena, response);
  EXPECT_EQ(field("grpc-status"), "8");
}

TEST_F(AnswerTest, EveryReasonCanStandInGrpcMessageAsItIs) {
  for (const ErrorInfo& info : all_errors())
    for (const char c : info.reason) EXPECT_TRUE(c == '_' || (c >= 'a' && c <= 'z')) << info.reason;
}

}  // namespace
}  // namespace skiff
