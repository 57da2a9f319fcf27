#include "sidecar/policy/retry.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/recording_reply.h"

namespace skiff {
namespace {

// Fails each try with the next of a list of errors, then answers.
class Failing final : public Forwarder {
 public:
  explicit Failing(std::vector<Error> errors) : errors_(std::move(errors)) {}

  void forward(Exchange& exchange, Reply& reply) override {
    if (tries < errors_.size()) return reply.failed(exchange, errors_[tries++]);
    ++tries;
    Response response;
    response.status = 200;
    reply.answered(exchange, response);
  }

  std::size_t tries = 0;

 private:
  std::vector<Error> errors_;
};

constexpr Error unprocessed{.kind = ErrorKind::connect_failed, .unprocessed = true};
constexpr Error race{.kind = ErrorKind::upstream_reset, .reused = true};
constexpr Error reset{.kind = ErrorKind::upstream_reset};

struct Outcome {
  std::size_t tries;
  bool answered;
};

Outcome send(Method method, std::vector<Error> errors, bool replayable = true) {
  Exchange exchange;
  exchange.request.method = method;
  exchange.replay.complete = replayable;
  RecordingReply reply;
  Failing inner(std::move(errors));
  Retry({}, inner).forward(exchange, reply);
  return {inner.tries, reply.status.has_value()};
}

TEST(Retry, SendsAgainWhatIsProvablyUnprocessedWhateverTheMethod) {
  const Outcome outcome = send(Method::post, {unprocessed});
  EXPECT_EQ(outcome.tries, 2u);
  EXPECT_TRUE(outcome.answered);
}

TEST(Retry, GivesUpAfterThreeAttempts) {
  const Outcome outcome = send(Method::get, {unprocessed, unprocessed, unprocessed, unprocessed});
  EXPECT_EQ(outcome.tries, 3u);
  EXPECT_FALSE(outcome.answered);
}

TEST(Retry, RepeatsAnIdleRaceOnlyWhereTwiceDoesNoHarm) {
  EXPECT_TRUE(send(Method::get, {race}).answered);
  EXPECT_TRUE(send(Method::put, {race}).answered);
  EXPECT_FALSE(send(Method::post, {race}).answered);
  EXPECT_FALSE(send(Method::patch, {race}).answered);
}

TEST(Retry, DoesNotRepeatWhatAFreshConnectionLost) {
  EXPECT_FALSE(send(Method::get, {reset}).answered);
}

TEST(Retry, NeedsTheWholeBody) { EXPECT_FALSE(send(Method::post, {unprocessed}, false).answered); }

TEST(Retry, DoesNotWaitTwiceForAFullPool) {
  const Error full{.kind = ErrorKind::pool_full, .unprocessed = true};
  EXPECT_FALSE(send(Method::get, {full}).answered);
}

}  // namespace
}  // namespace skiff
