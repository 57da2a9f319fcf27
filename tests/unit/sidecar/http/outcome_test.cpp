#include "sidecar/http/outcome.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

Response answer(std::uint16_t status, BodyKind body = BodyKind::length) {
  Response response;
  response.status = status;
  response.body = body;
  return response;
}

TEST(Outcome, OfAnAnswerIsAFailureFrom500On) {
  EXPECT_EQ(outcome_of(answer(200)), Outcome::success);
  EXPECT_EQ(outcome_of(answer(429)), Outcome::success);
  EXPECT_EQ(outcome_of(answer(499)), Outcome::success);
  EXPECT_EQ(outcome_of(answer(500)), Outcome::failure);
  EXPECT_EQ(outcome_of(answer(503)), Outcome::failure);
}

TEST(Outcome, OfGrpcIsAFailureWhereTheServerIsToBlame) {
  for (const int failing : {2, 4, 13, 14, 15}) {
    EXPECT_EQ(outcome_of_grpc(static_cast<std::int8_t>(failing)), Outcome::failure) << failing;
  }
  for (const int fine : {0, 1, 3, 5, 6, 7, 8, 9, 10, 11, 12, 16}) {
    EXPECT_EQ(outcome_of_grpc(static_cast<std::int8_t>(fine)), Outcome::success) << fine;
  }
  Response trailers_only = answer(200);
  trailers_only.grpc_status = 14;
  EXPECT_EQ(outcome_of(trailers_only), Outcome::failure);
}

TEST(Outcome, OfAnErrorBlamesTheBackendAlone) {
  EXPECT_EQ(outcome_of(Error{.kind = ErrorKind::connect_failed}), Outcome::failure);
  EXPECT_EQ(outcome_of(Error{.kind = ErrorKind::timeout_request}), Outcome::failure);
  EXPECT_EQ(outcome_of(Error{.kind = ErrorKind::upstream_reset}), Outcome::failure);
  EXPECT_EQ(outcome_of(Error{.kind = ErrorKind::client_gone}), Outcome::neutral);
  EXPECT_EQ(outcome_of(Error{.kind = ErrorKind::pool_full}), Outcome::neutral);
  EXPECT_EQ(outcome_of(Error{.kind = ErrorKind::hedge_lost}), Outcome::neutral);
}

TEST(Outcome, IsDecidedByAHeadThatFailsHasNoBodyOrNeverEnds) {
  Exchange exchange;
  EXPECT_TRUE(is_decided(exchange, answer(500)));
  EXPECT_TRUE(is_decided(exchange, answer(204, BodyKind::none)));
  EXPECT_TRUE(is_decided(exchange, answer(101, BodyKind::tunnel)));
  EXPECT_FALSE(is_decided(exchange, answer(200)));
  EXPECT_FALSE(is_decided(exchange, answer(200, BodyKind::chunked)));
  Response known = answer(200);
  known.grpc_status = 0;
  EXPECT_TRUE(is_decided(exchange, known));
  exchange.request.version = Version::bytes;
  EXPECT_TRUE(is_decided(exchange, answer(200)));
}

TEST(Outcome, AtTheEndIsWhatBrokeTheBodyOffOrItsTrailersSay) {
  Exchange exchange;
  EXPECT_EQ(outcome_at_end(exchange, {}), Outcome::success);
  EXPECT_EQ(outcome_at_end(exchange, {.kind = ErrorKind::upstream_reset}), Outcome::failure);
  EXPECT_EQ(outcome_at_end(exchange, {.kind = ErrorKind::client_gone}), Outcome::neutral);
  exchange.marks.grpc_status = 14;
  EXPECT_EQ(outcome_at_end(exchange, {}), Outcome::failure);
  exchange.marks.grpc_status = 5;
  EXPECT_EQ(outcome_at_end(exchange, {}), Outcome::success);
}

}  // namespace
}  // namespace skiff
