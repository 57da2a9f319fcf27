#include "sidecar/policy/unprocessed.h"

#include <gtest/gtest.h>

#include <functional>

#include "sidecar/http/answer.h"
#include "tests/support/recording_reply.h"

namespace skiff {
namespace {

class Does final : public Forwarder {
 public:
  void forward(Exchange& exchange, Reply& reply) override { what(exchange, reply); }
  std::function<void(Exchange&, Reply&)> what;
};

class TellUnprocessedTest : public testing::Test {
 protected:
  ~TellUnprocessedTest() override { exchange.finish({}); }

  // The fields of our answer to a request that failed so.
  std::string_view told(const Error& error) {
    inner.what = [&](Exchange& its, Reply& to) { to.failed(its, error); };
    layer.forward(exchange, reply);
    answer_for(reply.errors.back(), exchange.request, exchange.arena, response);
    const Field* const field = response.headers.find("x-skiff-unprocessed");
    return field == nullptr ? std::string_view() : field->value();
  }

  Does inner;
  TellUnprocessed layer{inner};
  Exchange exchange;
  RecordingReply reply;
  Response response;
};

TEST_F(TellUnprocessedTest, SaysOfWhatTheApplicationNeverGotThatNobodyActedOnIt) {
  EXPECT_EQ(told({.kind = ErrorKind::connect_failed, .unprocessed = true}), "1");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.find("x-skiff-reason")->value(), "connect_failed");
}

TEST_F(TellUnprocessedTest, SaysItOfNothingElse) {
  EXPECT_EQ(told({.kind = ErrorKind::upstream_reset}), "") << "it may have begun";
  EXPECT_EQ(told({.kind = ErrorKind::denied, .unprocessed = true}), "") << "others refuse it too";
  EXPECT_EQ(told({.kind = ErrorKind::bulkhead_full, .unprocessed = true}), "");
}

TEST_F(TellUnprocessedTest, KeepsWhatElseTheAnswerSays) {
  Headers fields;
  fields.add(exchange.arena, "x-more", "yes");
  const ErrorAnswer answer{.retry_after = std::chrono::seconds(7), .fields = &fields};
  EXPECT_EQ(told({.kind = ErrorKind::connect_failed, .unprocessed = true, .answer = &answer}), "1");
  EXPECT_EQ(response.headers.find("x-more")->value(), "yes");
  EXPECT_EQ(response.headers.find("retry-after")->value(), "7");
}

TEST(TakeUnprocessed, TakesItOutOfTheAnswer) {
  Exchange exchange;
  Response response;
  EXPECT_FALSE(take_unprocessed(response));
  response.headers.add(exchange.arena, "x-skiff-unprocessed", "1");
  EXPECT_TRUE(take_unprocessed(response));
  EXPECT_EQ(response.headers.size(), 0u);
  exchange.finish({});
}

}  // namespace
}  // namespace skiff
