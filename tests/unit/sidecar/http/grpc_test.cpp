#include "sidecar/http/grpc.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

using namespace std::chrono_literals;

bool is_grpc_with(std::string_view type) {
  Arena arena;
  Request request;
  request.headers.add(arena, "Content-Type", type);
  return is_grpc(request);
}

TEST(IsGrpc, GoesByTheContentTypeAlone) {
  EXPECT_TRUE(is_grpc_with("application/grpc"));
  EXPECT_TRUE(is_grpc_with("Application/gRPC+proto"));
  EXPECT_TRUE(is_grpc_with("application/grpc;charset=utf-8"));
  EXPECT_FALSE(is_grpc_with("application/grpc-web"));
  EXPECT_FALSE(is_grpc_with("application/json"));
  EXPECT_FALSE(is_grpc(Request{}));
}

std::int8_t status_with(std::string_view text) {
  Arena arena;
  Headers headers;
  headers.add(arena, "grpc-status", text);
  return grpc_status_in(headers);
}

TEST(GrpcStatusIn, ReadsTheNumbersThatThereAre) {
  EXPECT_EQ(status_with("0"), 0);
  EXPECT_EQ(status_with("14"), 14);
  EXPECT_EQ(status_with("16"), 16);
  for (const char* text : {"17", "-1", "", "1x", "999", " 1"}) EXPECT_EQ(status_with(text), -1);
  EXPECT_EQ(grpc_status_in({}), -1);
}

TEST(ParseGrpcTimeout, TakesEightDigitsAndAUnit) {
  EXPECT_EQ(parse_grpc_timeout("1H"), 1h);
  EXPECT_EQ(parse_grpc_timeout("2M"), 2min);
  EXPECT_EQ(parse_grpc_timeout("3S"), 3s);
  EXPECT_EQ(parse_grpc_timeout("99999999m"), 99'999'999ms);
  EXPECT_EQ(parse_grpc_timeout("5u"), 5us);
  EXPECT_EQ(parse_grpc_timeout("0n"), 0ns);
  EXPECT_GT(*parse_grpc_timeout("99999999H"), 24h);
}

TEST(ParseGrpcTimeout, RefusesWhatIsMalformed) {
  for (const char* text : {"", "S", "5", "5s", "-5S", "+5S", "5 S", "1.5S", "999999999S", "5SS"})
    EXPECT_EQ(parse_grpc_timeout(text), std::nullopt) << text;
}

}  // namespace
}  // namespace skiff
