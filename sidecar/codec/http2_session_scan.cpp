#include "sidecar/codec/http2_session_scan.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>

namespace skiff {
namespace {

std::uint32_t number_at(const char* at, std::size_t size) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < size; ++i) number = number << 8 | static_cast<std::uint8_t>(at[i]);
  return number;
}

// The first bit is not part of a stream's number.
std::int32_t stream_at(const char* at) {
  return static_cast<std::int32_t>(number_at(at, 4) & 0x7fffffff);
}

}  // namespace

Http2SessionScan::Found Http2SessionScan::next(std::string_view bytes) {
  std::size_t at = 0;
  while (true) {
    const std::size_t skipped = std::min(skip_, bytes.size() - at);
    skip_ -= skipped;
    at += skipped;
    const std::size_t part = std::min<std::size_t>(wanted_ - kept_, bytes.size() - at);
    std::memcpy(head_.data() + kept_, bytes.data() + at, part);
    kept_ += static_cast<std::uint8_t>(part);
    if (kept_ < wanted_) return {.before = bytes.size()};
    const std::uint32_t length = number_at(head_.data(), 3);
    if (wanted_ == head_size && head_[3] == NGHTTP2_PRIORITY && length >= dependency_size) {
      wanted_ = head_size + dependency_size;
      at += part;
      continue;
    }
    skip_ = part + length - (wanted_ - head_size);
    Found result = found();
    wanted_ = head_size;
    kept_ = 0;
    result.before = at;
    result.size = length;
    if (result.kind != Kind::nothing) return result;
  }
}

// What the whole head says.
Http2SessionScan::Found Http2SessionScan::found() const {
  const std::int32_t stream = stream_at(head_.data() + 5);
  if (head_[3] == NGHTTP2_DATA) return {.kind = Kind::body, .stream = stream};
  if (wanted_ == head_size || stream_at(head_.data() + head_size) != stream) return {};
  return {.kind = Kind::depends_on_itself, .stream = stream};
}

}  // namespace skiff
