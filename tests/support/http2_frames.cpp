#include "tests/support/http2_frames.h"

namespace skiff {
namespace {

constexpr std::size_t head_size = 9;

void append_number(std::string& to, std::uint64_t number, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    to.push_back(static_cast<char>(number >> shift));
}

std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t number = 0;
  for (const char byte : bytes.substr(at, size))
    number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

// RFC 7541, 5.2, without Huffman.
void append_text(std::string& to, std::string_view text) {
  std::size_t size = text.size();
  if (size < 127) {
    to.push_back(static_cast<char>(size));
  } else {
    to.push_back(127);
    for (size -= 127; size >= 128; size /= 128) to.push_back(static_cast<char>(size % 128 + 128));
    to.push_back(static_cast<char>(size));
  }
  to += text;
}

}  // namespace

std::string Http2Frame::bytes() const {
  std::string all;
  append_number(all, payload.size(), 3);
  all.push_back(static_cast<char>(type));
  all.push_back(static_cast<char>(flags));
  append_number(all, stream, 4);
  return all + payload;
}

std::string http2_block(const Http2Pairs& fields) {
  std::string block;
  for (const auto& [name, value] : fields) {
    block.push_back(0);  // Literal, not indexed, new name.
    append_text(block, name);
    append_text(block, value);
  }
  return block;
}

std::string http2_number(std::uint32_t number) {
  std::string text;
  append_number(text, number, 4);
  return text;
}

std::string http2_head(std::uint32_t stream, const Http2Pairs& fields, bool ends) {
  const auto flags =
      static_cast<std::uint8_t>(Http2Frame::end_headers | (ends ? Http2Frame::end_stream : 0));
  return Http2Frame{Http2Frame::headers, flags, stream, http2_block(fields)}.bytes();
}

std::string http2_get(std::uint32_t stream, const Http2Pairs& more) {
  Http2Pairs all{{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "shop"}};
  all.insert(all.end(), more.begin(), more.end());
  return http2_head(stream, all);
}

std::string http2_data(std::uint32_t stream, std::string_view bytes, bool ends) {
  const auto flags = static_cast<std::uint8_t>(ends ? Http2Frame::end_stream : 0);
  return Http2Frame{Http2Frame::data, flags, stream, std::string(bytes)}.bytes();
}

std::string http2_reset(std::uint32_t stream, std::uint32_t code) {
  return Http2Frame{Http2Frame::rst_stream, 0, stream, http2_number(code)}.bytes();
}

std::string http2_hello() {
  return std::string(http2_preface) + Http2Frame{Http2Frame::settings, 0, 0, {}}.bytes();
}

std::vector<Http2Frame> http2_frames(std::string_view bytes) {
  std::vector<Http2Frame> frames;
  while (bytes.size() >= head_size) {
    const std::size_t size = number_at(bytes, 0, 3);
    frames.push_back({static_cast<std::uint8_t>(bytes[3]), static_cast<std::uint8_t>(bytes[4]),
                      number_at(bytes, 5, 4), std::string(bytes.substr(head_size, size))});
    bytes.remove_prefix(std::min(bytes.size(), head_size + size));
  }
  return frames;
}

std::int64_t http2_goaway_code(const std::vector<Http2Frame>& frames) {
  for (const Http2Frame& frame : frames)
    if (frame.type == Http2Frame::goaway) return number_at(frame.payload, 4, 4);
  return -1;
}

std::int64_t http2_reset_code(const std::vector<Http2Frame>& frames, std::uint32_t stream) {
  for (const Http2Frame& frame : frames)
    if (frame.type == Http2Frame::rst_stream && frame.stream == stream)
      return number_at(frame.payload, 0, 4);
  return -1;
}

}  // namespace skiff
