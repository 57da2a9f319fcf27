#include "sidecar/codec/http2_session_scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "tests/support/http2_frames.h"

namespace skiff {
namespace {

using Kind = Http2SessionScan::Kind;

std::string priority(std::uint32_t stream, std::uint32_t on) {
  return Http2Frame{Http2Frame::priority, 0, stream, http2_number(on) + '\xf'}.bytes();
}

// All that is found in `bytes`, which come in pieces of that size: `b1+4` is 4 bytes of a body on
// stream 1, `!5` is stream 5 that depends on itself.
std::string found_in(Http2SessionScan& scan, std::string_view bytes, std::size_t piece = 10'000) {
  std::string all;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    std::string_view part = bytes.substr(0, piece);
    while (!part.empty()) {
      const auto found = scan.next(part);
      part.remove_prefix(found.before);
      if (found.kind == Kind::nothing) {
        EXPECT_TRUE(part.empty());
      } else if (found.kind == Kind::body) {
        all += "b" + std::to_string(found.stream) + "+" + std::to_string(found.size) + " ";
      } else {
        all += "!" + std::to_string(found.stream) + " ";
      }
    }
  }
  return all;
}

TEST(Http2SessionScan, FindsAStreamThatDependsOnItself) {
  Http2SessionScan scan(0);
  EXPECT_EQ(found_in(scan, priority(5, 3) + priority(5, 5) + priority(7, 7)), "!5 !7 ");
}

TEST(Http2SessionScan, LooksPastTheFirstBitOfNumbers) {
  Http2SessionScan scan(0);
  const std::string all =
      priority(0x80000005, 5) + priority(7, 0x80000007) + http2_data(0x80000009, "abc");
  EXPECT_EQ(found_in(scan, all), "!5 !7 b9+3 ");
}

TEST(Http2SessionScan, TellsWhereABodyBegins) {
  Http2SessionScan scan(0);
  const std::string before = http2_get(1);
  const auto found = scan.next(before + http2_data(1, "abc") + http2_data(3, "d"));
  EXPECT_EQ(found.kind, Kind::body);
  EXPECT_EQ(found.before, before.size());
}

TEST(Http2SessionScan, TakesBytesHoweverTheyAreCut) {
  const std::string all = std::string(http2_preface) + http2_get(1) +
                          http2_data(1, std::string(20'000, '\2')) + http2_data(1, "") +
                          priority(5, 3) + Http2Frame{Http2Frame::priority, 0, 7, ""}.bytes() +
                          Http2Frame{Http2Frame::priority, 0, 9, "123"}.bytes() +
                          Http2Frame{Http2Frame::settings, Http2Frame::ack, 0, ""}.bytes() +
                          priority(11, 11) + http2_data(13, "1234");
  for (const std::size_t piece : {1U, 2U, 3U, 5U, 7U, 8U, 9U, 10U, 13U, 4'096U, 100'000U}) {
    Http2SessionScan scan(http2_preface.size());
    EXPECT_EQ(found_in(scan, all, piece), "b1+20000 b1+0 !11 b13+4 ") << piece;
  }
}

}  // namespace
}  // namespace skiff
