#include "sidecar/http/error.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace skiff {
namespace {

TEST(Errors, HaveOneRowEachWithAWordOfTheirOwn) {
  std::set<std::string_view> reasons;
  ASSERT_EQ(all_errors().size(), static_cast<std::size_t>(ErrorKind::count_));
  for (const ErrorInfo& error : all_errors()) {
    EXPECT_TRUE(reasons.insert(error.reason).second) << error.reason;
    EXPECT_TRUE(error.meaning.ends_with('.')) << error.reason;
  }
}

// One of each group: a row too many or too few shifts those behind it.
TEST(Errors, StandInTheOrderOfTheirKinds) {
  const std::pair<ErrorKind, std::string_view> samples[] = {
      {ErrorKind::none, "none"},
      {ErrorKind::bad_request_line, "bad_request_line"},
      {ErrorKind::bad_request_trace, "bad_request_trace"},
      {ErrorKind::bad_request_connect, "bad_request_connect"},
      {ErrorKind::bad_request_chunk, "bad_request_chunk"},
      {ErrorKind::bad_request_line_too_long, "bad_request_line_too_long"},
      {ErrorKind::bad_request_expectation, "bad_request_expectation"},
      {ErrorKind::timeout_request_headers, "timeout_request_headers"},
      {ErrorKind::client_gone, "client_gone"},
      {ErrorKind::no_route, "no_route"},
      {ErrorKind::no_endpoint, "no_endpoint"},
      {ErrorKind::connect_failed, "connect_failed"},
      {ErrorKind::pool_timeout, "pool_timeout"},
      {ErrorKind::upstream_reset, "upstream_reset"},
      {ErrorKind::bad_response, "bad_response"},
      {ErrorKind::timeout_stream_idle, "timeout_stream_idle"},
      {ErrorKind::overload, "overload"},
      {ErrorKind::internal, "internal"},
  };
  for (const auto& [kind, reason] : samples) EXPECT_EQ(about(kind).reason, reason);
}

TEST(Errors, HaveTheStatusThatTheirGroupIsKnownBy) {
  EXPECT_EQ(about(ErrorKind::bad_request_header).status, 400);
  EXPECT_EQ(about(ErrorKind::bad_request_transfer_encoding).status, 501);
  EXPECT_EQ(about(ErrorKind::bad_request_version).status, 505);
  EXPECT_EQ(about(ErrorKind::bad_request_trace).status, 405);
  EXPECT_EQ(about(ErrorKind::bad_request_line_too_long).status, 414);
  EXPECT_EQ(about(ErrorKind::bad_request_header_too_large).status, 431);
  EXPECT_EQ(about(ErrorKind::bad_request_too_many_headers).status, 431);
  EXPECT_EQ(about(ErrorKind::bad_request_body_too_large).status, 413);
  EXPECT_EQ(about(ErrorKind::bad_request_expectation).status, 417);
  EXPECT_EQ(about(ErrorKind::timeout_request_headers).status, 408);
  EXPECT_EQ(about(ErrorKind::client_gone).status, 499);
  EXPECT_EQ(about(ErrorKind::no_route).status, 404);
  EXPECT_EQ(about(ErrorKind::no_backend).status, 500);
  EXPECT_EQ(about(ErrorKind::pool_timeout).status, 503);
  EXPECT_EQ(about(ErrorKind::timeout_connect).status, 504);
  EXPECT_EQ(about(ErrorKind::bad_response).status, 502);
  EXPECT_EQ(about(ErrorKind::internal).status, 500);
}

TEST(Errors, OfTheClientsCloseItsConnection) {
  for (const ErrorInfo& error : all_errors()) {
    if (error.source == ErrorSource::local) continue;
    EXPECT_EQ(error.close, error.source == ErrorSource::client) << error.reason;
  }
}

TEST(Errors, StandInTheDocsWordForWord) {
  std::ifstream file(SKIFF_SOURCE_DIR "/docs/operations.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  for (const ErrorInfo& error : all_errors().subspan(1)) {
    const std::string row =
        "| `" + std::string(error.reason) + "` | " + std::to_string(error.status) + " | ";
    const std::size_t at = page.find(row);
    ASSERT_NE(at, std::string::npos) << row;
    const std::string_view line = std::string_view(page).substr(at, page.find('\n', at) - at);
    EXPECT_TRUE(line.ends_with("| " + std::string(error.meaning) + " |")) << line;
  }
}

}  // namespace
}  // namespace skiff
