#include "sidecar/policy/grpc_status.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/fake_client.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_reply.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

// Notes the status that the head came with.
class Noting final : public PassingReply {
 public:
  explicit Noting(Reply& outer) : PassingReply(outer) {}
  void answered(Exchange& exchange, Response& response) override {
    grpc_status = response.grpc_status;
    if (instead != nullptr) exchange.client_sink = instead;
    PassingReply::answered(exchange, response);
  }
  int grpc_status = -2;
  BodySink* instead = nullptr;
};

// Answers when a test says so.
class Waiting final : public Forwarder {
 public:
  void forward(Exchange&, Reply& reply) override { to = &reply; }
  Reply* to = nullptr;
};

class GrpcStatusTest : public testing::Test {
 protected:
  GrpcStatusTest() {
    exchange.client_sink = &client;
    exchange.deadlines.request = clock.now() + 15s;
  }
  ~GrpcStatusTest() override { exchange.finish({}); }

  void ask(std::string_view type = "application/grpc", bool holds = true) {
    RetryConfig config;
    if (holds) config.grpc_statuses = {GrpcStatus::unavailable};
    layer.configure(config);
    exchange.request.headers.add(exchange.arena, "content-type", type);
    layer.forward(exchange, noting);
  }

  // A head in memory that is gone afterwards, as of a connection's buffer.
  void head(std::string_view status = {}, BodyKind body = BodyKind::chunked) {
    std::string line = "x-mine: 1\r\n";
    Arena arena;
    Response response;
    response.status = 200;
    response.body = body;
    response.headers.push_back(arena, {.name_at = line.data(),
                                       .value_at = line.data() + 8,
                                       .value_size = 1,
                                       .name_size = 6,
                                       .id = FieldId::other,
                                       .is_line = true});
    if (!status.empty()) response.headers.add(arena, "grpc-status", status);
    inner.to->answered(exchange, response);
    line.assign(line.size(), '?');
  }
  void end(std::string_view status) {
    Headers trailers;
    trailers.add(exchange.arena, "grpc-status", status);
    exchange.client_sink->end(trailers);
    exchange.client_sink->flush();
  }
  void advance(Duration by) {
    clock.advance(by);
    loop.refresh_now();
    loop.run_due();
  }

  ManualClock clock;
  Loop loop{1, &clock};
  Pauses pauses{loop};
  Waiting inner;
  WithGrpcStatus layer{pauses, loop, inner};
  Exchange exchange;
  FakeClient client;
  RecordingReply reply;
  Noting noting{reply};
};

TEST_F(GrpcStatusTest, LeavesOthersAlone) {
  ask("application/json");
  EXPECT_EQ(inner.to, &noting);
}

TEST_F(GrpcStatusTest, IsKnownAtOnceFromTrailersAlone) {
  ask();
  head("14", BodyKind::length);
  EXPECT_EQ(noting.grpc_status, 14);
  EXPECT_EQ(exchange.marks.grpc_status, 14);
  EXPECT_EQ(exchange.client_sink, &client);
}

TEST_F(GrpcStatusTest, IsKnownWithTheHeadWhereTheEndFollowsAtOnce) {
  ask();
  head();
  EXPECT_FALSE(reply.status.has_value()) << "the head is held back";
  end("14");
  EXPECT_EQ(noting.grpc_status, 14);
  EXPECT_EQ(reply.fields, "x-mine: 1\n") << "of memory that is gone";
  EXPECT_TRUE(client.ended);
  EXPECT_EQ(client.trailers, "grpc-status: 14\n");
  EXPECT_EQ(exchange.deadlines.request, clock.now() + 15s);
  EXPECT_EQ(pauses.waiting(), 0u);
}

TEST_F(GrpcStatusTest, LetsTheHeadGoWithTheFirstData) {
  ask();
  head();
  exchange.client_sink->data("message");
  EXPECT_EQ(noting.grpc_status, -1);
  EXPECT_EQ(client.body, "message");
  EXPECT_EQ(exchange.deadlines.request, TimePoint::max()) << "a stream has begun";
  end("0");
  EXPECT_EQ(exchange.marks.grpc_status, 0);
  EXPECT_EQ(client.trailers, "grpc-status: 0\n");
}

TEST_F(GrpcStatusTest, LetsTheHeadGoWhenNothingFollows) {
  ask();
  head();
  advance(9ms);
  EXPECT_FALSE(reply.status.has_value());
  advance(20ms);
  EXPECT_EQ(reply.status, 200);
  end("14");
  EXPECT_EQ(noting.grpc_status, -1);
  EXPECT_EQ(exchange.marks.grpc_status, 14);
}

TEST_F(GrpcStatusTest, HoldsNothingWhereNoPolicyAsks) {
  ask("application/grpc", false);
  head();
  EXPECT_EQ(reply.status, 200);
  end("5");
  EXPECT_EQ(exchange.marks.grpc_status, 5);
}

TEST_F(GrpcStatusTest, AsksTheRoutesOwnPolicyFirst) {
  RetryConfig of_route;
  of_route.grpc_statuses = {GrpcStatus::unavailable};
  exchange.retry = &of_route;
  ask("application/grpc", false);
  head();
  EXPECT_FALSE(reply.status.has_value());
}

TEST_F(GrpcStatusTest, KeepsTheCallersDeadlineOfAStream) {
  exchange.deadlines.told = clock.now() + 5s;
  ask("application/grpc", false);
  head();
  EXPECT_EQ(exchange.deadlines.request, clock.now() + 5s);
}

TEST_F(GrpcStatusTest, GivesTheBodyToWhoeverTookTheHead) {
  FakeClient discards;
  noting.instead = &discards;
  ask();
  head();
  exchange.client_sink->data("message");
  EXPECT_EQ(client.body, "");
  EXPECT_EQ(discards.body, "message");
  EXPECT_EQ(exchange.deadlines.request, clock.now() + 15s) << "no stream for the client yet";
}

TEST_F(GrpcStatusTest, FailsWhereTheAnswerBreaksOffBeforeItsHeadWentOn) {
  ask();
  head();
  exchange.client_sink->abort({.kind = ErrorKind::upstream_reset});
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(client.aborted_with, ErrorKind::none);
  EXPECT_EQ(exchange.client_sink, &client);
  EXPECT_EQ(pauses.waiting(), 0u);
}

TEST_F(GrpcStatusTest, BreaksTheBodyOffAfterIt) {
  ask();
  head();
  exchange.client_sink->data("mess");
  exchange.client_sink->abort({.kind = ErrorKind::upstream_reset});
  EXPECT_TRUE(reply.errors.empty());
  EXPECT_EQ(client.aborted_with, ErrorKind::upstream_reset);
}

TEST_F(GrpcStatusTest, ForgetsTheStatusOfTheAttemptBefore) {
  ask();
  head("14");
  EXPECT_EQ(exchange.marks.grpc_status, 14);
  layer.forward(exchange, noting);
  EXPECT_EQ(exchange.marks.grpc_status, -1);
}

TEST_F(GrpcStatusTest, LeavesNothingBehind) {
  ask();
  head();
  exchange.finish({.kind = ErrorKind::draining});
  EXPECT_EQ(pauses.waiting(), 0u);
}

}  // namespace
}  // namespace skiff
