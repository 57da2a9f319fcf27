#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "sidecar/codec/http1_scan.h"
#include "tests/support/http1_cases.h"
#include "tests/support/http1_message.h"
#include "tests/support/http1_oracle.h"

namespace skiff {
namespace {

using Read = std::function<ReadMessage(std::string_view bytes, std::span<const std::size_t> cuts)>;

std::string end_of(const ReadMessage& message) {
  switch (message.end) {
    case ReadMessage::End::more:
      return "more";
    case ReadMessage::End::whole:
      return "whole";
    case ReadMessage::End::refused:
      return std::string(about(message.error).reason);
  }
  return {};
}

void expect_as_the_file_says(const Http1Case& wanted, const ReadMessage& message) {
  EXPECT_EQ(end_of(message), wanted.expect);
  EXPECT_EQ(message.head, wanted.head.value_or(message.head));
  EXPECT_EQ(message.body, wanted.body.value_or(message.body));
  EXPECT_EQ(message.trailers, wanted.trailers.value_or(message.trailers));
  EXPECT_EQ(message.meaning, wanted.meaning.value_or(message.meaning));
  EXPECT_EQ(std::to_string(message.used), wanted.used.value_or(std::to_string(message.used)));
}

// Every offset of a short message, and a sample of a long one's.
std::vector<std::size_t> offsets_of(std::size_t size) {
  const std::size_t step = size < 400 ? 1 : size / 40;
  std::vector<std::size_t> offsets;
  for (std::size_t at = 1; at < size; at += step) offsets.push_back(at);
  return offsets;
}

// Invariant I15: how a message is cut into pieces changes nothing.
void expect_the_same_however_it_is_cut(std::string_view bytes, const Read& read) {
  const ReadMessage whole = read(bytes, {});
  const std::vector<std::size_t> offsets = offsets_of(bytes.size());
  for (const std::size_t cut : offsets)
    ASSERT_TRUE(read(bytes, {&cut, 1}) == whole) << "cut at " << cut;
  EXPECT_TRUE(read(bytes, offsets) == whole) << "cut everywhere";
}

// Invariant I15: what is forwarded means the same to us when it is read again.
void expect_the_same_when_read_again(const ReadMessage& message, const Read& read) {
  if (message.end != ReadMessage::End::whole) return;
  const std::string again = rewritten(message);
  const ReadMessage second = read(again, {});
  EXPECT_EQ(end_of(second), "whole") << again;
  EXPECT_EQ(second.head, message.head);
  EXPECT_EQ(second.body, message.body);
  EXPECT_EQ(second.trailers, message.trailers);
}

// An HTTP/1.0 request goes on as an HTTP/1.1 request; without Host it could not be read again.
bool may_be_read_again(const ReadMessage& message) {
  return message.head.find("Host: \r\n") == std::string::npos;
}

class Http1Requests : public testing::TestWithParam<Http1Case> {};
class Http1Responses : public testing::TestWithParam<Http1Case> {};

const Read as_request = [](std::string_view bytes, std::span<const std::size_t> cuts) {
  return read_request(bytes, cuts);
};

Read as_answer_to(std::string_view asked) {
  return [asked](std::string_view bytes, std::span<const std::size_t> cuts) {
    return read_response(bytes, asked, cuts);
  };
}

TEST_P(Http1Requests, BecomeWhatTheFileSays) {
  const ReadMessage message = read_request(GetParam().bytes);
  expect_as_the_file_says(GetParam(), message);
  if (may_be_read_again(message)) expect_the_same_when_read_again(message, as_request);
}

TEST_P(Http1Requests, AreReadTheSameHoweverTheyAreCut) {
  expect_the_same_however_it_is_cut(GetParam().bytes, as_request);
}

TEST_P(Http1Requests, MeanTheSameToBeast) {
  EXPECT_EQ(difference_to_beast_request(GetParam().bytes), "");
}

TEST_P(Http1Responses, BecomeWhatTheFileSays) {
  const ReadMessage message = read_response(GetParam().bytes, GetParam().asked);
  expect_as_the_file_says(GetParam(), message);
  expect_the_same_when_read_again(message, as_answer_to(GetParam().asked));
}

TEST_P(Http1Responses, AreReadTheSameHoweverTheyAreCut) {
  expect_the_same_however_it_is_cut(GetParam().bytes, as_answer_to(GetParam().asked));
}

TEST_P(Http1Responses, MeanTheSameToBeast) {
  EXPECT_EQ(difference_to_beast_response(GetParam().bytes, GetParam().asked), "");
}

std::string test_name(const testing::TestParamInfo<Http1Case>& info) {
  std::string name = info.param.id;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Conformance, Http1Requests,
                         testing::ValuesIn(read_http1_cases("requests.txt")), test_name);
INSTANTIATE_TEST_SUITE_P(Conformance, Http1Responses,
                         testing::ValuesIn(read_http1_cases("responses.txt")), test_name);

// ---- A21: one stray byte before and behind the name and the value of Transfer-Encoding.

struct SweepPlace {
  const char* name;
  std::string_view before;
  std::string_view behind;
  bool spaces_pass;  // RFC 9112, 5.1: SP and HTAB around a value mean nothing.
};

constexpr SweepPlace sweep_places[] = {
    {"before the name", "", "Transfer-Encoding: chunked", false},
    {"behind the name", "Transfer-Encoding", ": chunked", false},
    {"before the value", "Transfer-Encoding:", "chunked", true},
    {"behind the value", "Transfer-Encoding: chunked", "", true},
};

TEST(Http1Sweep, LetsNoStrayByteNearTransferEncodingPass) {
  for (const SweepPlace& place : sweep_places) {
    for (int byte = 1; byte < 256; ++byte) {
      const bool in_sweep = byte <= 0x20 || byte >= 0x7f;
      if (!in_sweep) continue;
      const std::string bytes = "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(place.before) +
                                static_cast<char>(byte) + std::string(place.behind) +
                                "\r\n\r\n0\r\n\r\n";
      const ReadMessage message = read_request(bytes);
      const bool passes = place.spaces_pass && (byte == ' ' || byte == '\t');
      EXPECT_EQ(message.end == ReadMessage::End::whole, passes) << byte << ' ' << place.name;
      EXPECT_NE(message.end, ReadMessage::End::more) << byte << ' ' << place.name;
      EXPECT_EQ(difference_to_beast_request(bytes), "") << byte << ' ' << place.name;
    }
  }
}

// The same for every byte and every place of a plain request: none may change what it means to us
// but not to Beast, and none may make us wait for more than Beast does.
TEST(Http1Sweep, AgreesWithBeastOnEveryByteInEveryPlace) {
  const std::string good =
      "POST /a?b HTTP/1.1\r\nHost: a:80\r\nX-Y: z\r\nContent-Length: 3\r\n\r\nabc";
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = good;
      changed[at] = static_cast<char>(byte);
      ASSERT_EQ(difference_to_beast_request(changed), "") << testing::PrintToString(changed);
      std::string longer = good;
      longer.insert(at, 1, static_cast<char>(byte));
      ASSERT_EQ(difference_to_beast_request(longer), "") << testing::PrintToString(longer);
    }
  }
}

}  // namespace
}  // namespace skiff
