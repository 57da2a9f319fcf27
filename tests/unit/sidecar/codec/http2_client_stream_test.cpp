#include "sidecar/codec/http2_client_stream.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/http2_client_fixture.h"

namespace skiff {
namespace {

using Http2ClientStreamTest = Http2ClientTest;

// Gives up as soon as it is answered, as a stage may.
class Leaving final : public Reply {
 public:
  void informational(Exchange&, Response&) override {}
  void answered(Exchange& exchange, Response&) override {
    exchange.pending->fail(exchange, {.kind = ErrorKind::client_gone});
  }
  void failed(Exchange&, const Error&) override { ++failures; }

  int failures = 0;
};

TEST_F(Http2ClientStreamTest, SendsARequestAndGivesTheAnswer) {
  Call& call = start();
  turn();
  ASSERT_EQ(backend.requests.size(), 1u);
  EXPECT_EQ(
      backend.requests[0].fields,
      (std::map<std::string, std::string>{
          {":method", "GET"}, {":scheme", "http"}, {":path", "/a?b=c"}, {":authority", "shop"}}));
  EXPECT_TRUE(backend.requests[0].ended);
  EXPECT_EQ(call.exchange.marks.attempts, 1u);

  backend.answers(1, "200", "hello", {{"content-length", "5"}});
  turn();
  EXPECT_EQ(call.reply.status, 200);
  EXPECT_EQ(call.client.body, "hello");
  EXPECT_TRUE(call.client.ended);
  EXPECT_EQ(call.exchange.pending, nullptr);
  EXPECT_EQ(idles, 1);
  EXPECT_FALSE(is_gone);
}

TEST_F(Http2ClientStreamTest, FieldsCrossInLowerCaseAndThoseOfTheHopDoNot) {
  Call& made = *calls.emplace_back(std::make_unique<Call>());
  Request& request = made.exchange.request;
  request.scheme = "https";
  request.accepts_trailers = true;
  request.headers.add(made.exchange.arena, "X-MiXed", "Value");
  request.headers.add(made.exchange.arena, "cookie", "a=b");
  connection->start(made.exchange, made.reply);
  turn();
  auto& fields = backend.requests.at(0).fields;
  EXPECT_EQ(fields["x-mixed"], "Value");
  EXPECT_EQ(fields["te"], "trailers");
  EXPECT_EQ(fields["cookie"], "a=b");
  EXPECT_EQ(fields[":scheme"], "https");
  EXPECT_FALSE(fields.contains("host"));
}

TEST_F(Http2ClientStreamTest, SendsABodyAndItsTrailers) {
  Call& call = post();
  EXPECT_EQ(call.client.resumed, 1) << "asked for the body";
  call.exchange.backend_sink->data("abc");
  Headers trailers;
  trailers.add(call.exchange.arena, "X-Sum", "1");
  call.exchange.backend_sink->end(trailers);
  EXPECT_TRUE(call.exchange.backend_sink->flush());
  turn();
  EXPECT_EQ(backend.requests.at(0).body, "abc");
  EXPECT_EQ(backend.requests[0].trailers, "x-sum: 1\n");
  EXPECT_TRUE(backend.requests[0].ended);
  EXPECT_FALSE(backend.requests[0].fields.contains("content-length"));
}

TEST_F(Http2ClientStreamTest, SendsTheLengthOfABodyThatHasOne) {
  Call& call = post(BodyKind::length, 3);
  call.exchange.backend_sink->data("abc");
  call.exchange.backend_sink->end({});
  call.exchange.backend_sink->flush();
  turn();
  EXPECT_EQ(backend.requests.at(0).fields["content-length"], "3");
}

TEST_F(Http2ClientStreamTest, StopsTheClientWhileTheBackendTakesNoMore) {
  Call& call = post();
  const std::string piece(100'000, 'x');
  call.exchange.backend_sink->data(piece);
  EXPECT_FALSE(call.exchange.backend_sink->flush());
  turn();
  EXPECT_EQ(backend.requests.at(0).body.size(), 65'535u);
  EXPECT_EQ(call.client.resumed, 1) << "only at the start";
  backend.takes(1, 65'535);
  turn();
  EXPECT_EQ(backend.requests[0].body, piece);
  EXPECT_EQ(call.client.resumed, 2);
  call.exchange.backend_sink->end({});
  EXPECT_TRUE(call.exchange.backend_sink->flush());
  turn();
  EXPECT_TRUE(backend.requests[0].ended);
}

TEST_F(Http2ClientStreamTest, PassesTrailersOn) {
  Call& call = start();
  turn();
  backend.head(1, "200", {{"content-type", "application/grpc"}});
  backend.gives(1, "x", true, {{"grpc-status", "0"}});
  turn();
  EXPECT_EQ(call.client.body, "x");
  EXPECT_TRUE(call.client.ended);
  EXPECT_EQ(call.client.trailers, "grpc-status: 0\n");
}

TEST_F(Http2ClientStreamTest, AnswersWithoutABody) {
  Call& head = *calls.emplace_back(std::make_unique<Call>());
  head.exchange.request.method = Method::head;
  head.exchange.request.method_name = "HEAD";
  connection->start(head.exchange, head.reply);
  Call& no_content = start();
  Call& not_modified = start();
  turn();
  backend.head(1, "200", {{"content-length", "1234"}}, true);
  backend.head(3, "204", {}, true);
  backend.head(5, "304", {{"content-length", "7"}}, true);
  turn();
  for (const Call* call : {&head, &no_content, &not_modified}) {
    EXPECT_TRUE(call->client.ended);
    EXPECT_EQ(call->client.body, "");
  }
  EXPECT_EQ(no_content.reply.status, 204);
  EXPECT_EQ(not_modified.reply.status, 304);
}

TEST_F(Http2ClientStreamTest, PassesInterimAnswersOn) {
  Call& call = start();
  turn();
  backend.head(1, "103", {{"link", "</a>"}});
  backend.answers(1, "200", "x");
  turn();
  EXPECT_EQ(call.reply.interim, std::vector<std::uint16_t>{103});
  EXPECT_EQ(call.reply.status, 200);
}

TEST_F(Http2ClientStreamTest, RefusesAFloodOfInterimAnswers) {
  Call& call = start();
  turn();
  for (int i = 0; i < 17; ++i) backend.head(1, "103");
  turn();
  EXPECT_EQ(call.reply.interim.size(), 16u);
  ASSERT_EQ(call.reply.errors.size(), 1u);
  EXPECT_EQ(call.reply.errors[0].kind, ErrorKind::bad_response);
  EXPECT_EQ(backend.requests[0].reset, NGHTTP2_PROTOCOL_ERROR);
  EXPECT_FALSE(is_gone) << "the others on it go on";
}

TEST_F(Http2ClientStreamTest, ABodyOfAnotherLengthIsNeverWhole) {
  Call& call = start();
  Call& longer = start();
  turn();
  backend.head(1, "200", {{"content-length", "5"}});
  backend.gives(1, "abc", true);
  backend.head(3, "200", {{"content-length", "1"}});
  backend.gives(3, "abc", true);
  turn();
  for (const Call* wrong : {&call, &longer}) {
    EXPECT_FALSE(wrong->client.ended);
    EXPECT_EQ(wrong->client.aborted_with, ErrorKind::bad_response);
  }
}

TEST_F(Http2ClientStreamTest, AnAnswerMayComeBeforeTheRequestIsWhole) {
  Call& call = post();
  call.exchange.backend_sink->data("abc");
  call.exchange.backend_sink->flush();
  turn();
  backend.answers(1, "413", "no");
  turn();
  EXPECT_EQ(call.reply.status, 413);
  EXPECT_TRUE(call.client.ended);
  EXPECT_EQ(backend.requests[0].reset, NGHTTP2_CANCEL) << "the rest is not wanted";
  EXPECT_EQ(call.exchange.backend_sink, nullptr);
}

TEST_F(Http2ClientStreamTest, GivingUpResetsTheStreamAlone) {
  Call& call = start();
  Call& other = start();
  turn();
  call.exchange.pending->fail(call.exchange, {.kind = ErrorKind::timeout_request});
  ASSERT_EQ(call.reply.errors.size(), 1u);
  EXPECT_EQ(call.reply.errors[0].kind, ErrorKind::timeout_request);
  turn();
  EXPECT_EQ(backend.requests[0].reset, NGHTTP2_CANCEL);
  backend.answers(3, "200", "x");
  turn();
  EXPECT_TRUE(other.client.ended);
}

TEST_F(Http2ClientStreamTest, GivingUpBeforeItWasSentLeavesNothing) {
  backend.settings({{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 7}});
  turn();
  Call& call = start();
  call.exchange.pending->fail(call.exchange, {.kind = ErrorKind::client_gone});
  turn();
  EXPECT_TRUE(backend.requests.empty());
  EXPECT_EQ(connection->room(), 7u);
}

TEST_F(Http2ClientStreamTest, AReplyMayGiveUpWhileItIsAnswered) {
  Exchange exchange;
  FakeClient client;
  exchange.client_sink = &client;
  exchange.client_source = &client;
  exchange.request.method_name = "GET";
  exchange.request.target = "/";
  exchange.request.authority = "shop";
  Leaving reply;
  connection->start(exchange, reply);
  turn();
  backend.answers(1, "200", "x", {{"a", "b"}});
  turn();
  EXPECT_EQ(exchange.pending, nullptr);
  EXPECT_EQ(client.aborted_with, ErrorKind::client_gone);
  EXPECT_EQ(idles, 1);
}

TEST_F(Http2ClientStreamTest, ARefusedStreamIsUnprocessed) {
  Call& call = start();
  turn();
  backend.resets(1, NGHTTP2_REFUSED_STREAM);
  turn();
  ASSERT_EQ(call.reply.errors.size(), 1u);
  EXPECT_EQ(call.reply.errors[0].kind, ErrorKind::upstream_reset);
  EXPECT_TRUE(call.reply.errors[0].unprocessed);
  EXPECT_FALSE(is_gone);
}

TEST_F(Http2ClientStreamTest, OtherResetsProveNothing) {
  Call& call = start();
  Call& answered = start();
  turn();
  backend.resets(1, NGHTTP2_INTERNAL_ERROR);
  backend.head(3, "200");
  backend.gives(3, "part");
  turn();
  backend.resets(3, NGHTTP2_NO_ERROR);
  turn();
  ASSERT_EQ(call.reply.errors.size(), 1u);
  EXPECT_EQ(call.reply.errors[0].kind, ErrorKind::upstream_reset);
  EXPECT_FALSE(call.reply.errors[0].unprocessed);
  EXPECT_EQ(answered.client.aborted_with, ErrorKind::upstream_reset);
  EXPECT_FALSE(answered.client.ended);
}

// A gRPC server takes PINGs on a silent connection for an attack when they come more often.
TEST_F(Http2ClientStreamTest, AHeadBeyondTheLimitsIsNoAnswer) {
  Call& call = start();
  turn();
  backend.head(1, "200", Http2Backend::Fields(150, {"a", "b"}), true);
  turn();
  ASSERT_EQ(call.reply.errors.size(), 1u);
  EXPECT_EQ(call.reply.errors[0].kind, ErrorKind::bad_response);
}

}  // namespace
}  // namespace skiff
