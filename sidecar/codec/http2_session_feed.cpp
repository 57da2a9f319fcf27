#include <algorithm>

#include "sidecar/codec/http2_session.h"

// What comes, on its way to nghttp2, and what comes too late: on streams that are closed. Of those
// nghttp2 remembers nothing, and it drops what comes on them.

namespace skiff {
namespace {

// Between slices nghttp2's own guards can speak; of one call it would take thousands of requests
// that are reset at once (CVE-2023-44487).
constexpr std::size_t slice = 4 * 1024;

}  // namespace

void Http2Session::feed(std::string_view bytes) {
  using Kind = Http2SessionScan::Kind;
  ssize_t taken = 0;
  busy_ = true;
  while (!bytes.empty() && fault_ == NGHTTP2_NO_ERROR && nghttp2_session_want_read(h2_) != 0) {
    const Http2SessionScan::Found found = scan_.next(bytes.substr(0, slice));
    taken = nghttp2_session_mem_recv(h2_, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                     found.before);
    if (taken < 0) break;
    bytes.remove_prefix(found.before);
    if (found.kind == Kind::depends_on_itself) fault(NGHTTP2_PROTOCOL_ERROR);
    if (found.kind == Kind::body && has_closed(found.stream)) late(found.stream, found.size);
  }
  busy_ = false;
  if (taken < 0)
    fault(taken == NGHTTP2_ERR_FLOODED ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR);
}

// Streams are a client's, and odd: nobody pushes.
bool Http2Session::has_closed(std::int32_t stream) const {
  return stream <= last_opened_ && stream % 2 == 1 &&
         nghttp2_session_find_stream(h2_, stream) == nullptr;
}

// A head, or so many bytes of a body, on a closed stream (RFC 9113, 5.1). Where we have reset the
// stream, or a GOAWAY of the backend's has closed it, the peer may have sent it before it knew.
// Else it is an error: of the stream where the peer has reset it, of the connection where it has
// ended it (RFC 7540, 5.1), or left out its number (RFC 9113, 5.1.1).
void Http2Session::late(std::int32_t stream, std::uint32_t size) {
  using By = Http2SessionResets::By;
  const By by = resets_.of(stream);
  const bool is_over = leaving_ && side_ == Side::client;
  const bool is_forgiven = by == By::us || (by == By::nobody && is_over);
  if (!is_forgiven || !resets_.takes_late(size)) glitch();
  if (is_forgiven) return;
  if (by == By::peer) {
    nghttp2_submit_rst_stream(h2_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_STREAM_CLOSED);
    return;
  }
  const bool left_out = opened_ < static_cast<std::uint32_t>(last_opened_ + 1) / 2;
  fault(left_out ? NGHTTP2_PROTOCOL_ERROR : NGHTTP2_STREAM_CLOSED);
}

}  // namespace skiff
