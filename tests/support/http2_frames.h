#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skiff {

// One frame of HTTP/2, as it stands on the wire. Nothing keeps it from being wrong.
struct Http2Frame {
  enum Type : std::uint8_t {
    data,
    headers,
    priority,
    rst_stream,
    settings,
    push_promise,
    ping,
    goaway,
    window_update,
    continuation
  };
  enum Flag : std::uint8_t {
    ack = 1,
    end_stream = 1,
    end_headers = 4,
    padded = 8,
    prioritised = 32
  };

  std::uint8_t type = data;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload{};

  std::string bytes() const;
};

using Http2Pairs = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// A block of HPACK that uses no table and no Huffman code.
std::string http2_block(const Http2Pairs& fields);
// Four bytes, as a reset, a window update, or an error code has them.
std::string http2_number(std::uint32_t number);
// `fields` as one whole head.
std::string http2_head(std::uint32_t stream, const Http2Pairs& fields, bool ends = true);
// GET / of `shop`, with more fields.
std::string http2_get(std::uint32_t stream, const Http2Pairs& more = {});
std::string http2_data(std::uint32_t stream, std::string_view bytes, bool ends = false);
std::string http2_reset(std::uint32_t stream, std::uint32_t code);

// What a client says first.
std::string http2_hello();

// The frames that `bytes` are; the last may be cut.
std::vector<Http2Frame> http2_frames(std::string_view bytes);
// The error code of a GOAWAY among them, or -1.
std::int64_t http2_goaway_code(const std::vector<Http2Frame>& frames);
// The error code of a RST_STREAM of that stream, or -1.
std::int64_t http2_reset_code(const std::vector<Http2Frame>& frames, std::uint32_t stream);

}  // namespace skiff
