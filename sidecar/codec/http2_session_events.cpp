#include "sidecar/codec/http2_session_events.h"

#include <algorithm>
#include <utility>

#include "sidecar/codec/http2_session.h"

namespace skiff {
namespace {

// What a head that goes far over the limits costs to decode, in glitches.
constexpr std::uint32_t glitches_of_a_bomb = 20;
// What a reset costs that serves nothing: a request was begun and given up for it.
constexpr std::uint32_t glitches_of_a_reset = 2;
// Per frame that we send the peer may well open the connection's window and the stream's, and PING.
constexpr std::uint32_t echoes_of_a_frame = 3;
constexpr std::uint32_t most_wanted_echoes = 1'000'000;

Http2Session& session_of(void* user) { return *static_cast<Http2Session*>(user); }

std::string_view text_of(const std::uint8_t* at, std::size_t size) {
  return {reinterpret_cast<const char*>(at), size};
}

bool ends_stream(const nghttp2_frame& frame) {
  return (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

bool ends_message(const nghttp2_frame& frame) {
  return (frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA) && ends_stream(frame);
}

// Whether a reset of ours says that the peer did something wrong.
bool blames_peer(std::uint32_t code) {
  return code != NGHTTP2_NO_ERROR && code != NGHTTP2_CANCEL && code != NGHTTP2_INTERNAL_ERROR;
}

}  // namespace

Http2Stream* Http2Events::stream_of(nghttp2_session* h2, std::int32_t id) {
  return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(h2, id));
}

const nghttp2_session_callbacks* Http2Events::callbacks() {
  static const nghttp2_session_callbacks* const all = [] {
    nghttp2_session_callbacks* made = nullptr;
    nghttp2_session_callbacks_new(&made);
    nghttp2_session_callbacks_set_on_begin_frame_callback(made, begin);
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, begin_fields);
    nghttp2_session_callbacks_set_on_header_callback(made, field);
    // nghttp2 would drop a field that is none and go on; RFC 9113, 8.2.1 wants the stream reset.
    nghttp2_session_callbacks_set_on_invalid_header_callback(
        made,
        [](nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t,
           const std::uint8_t*, std::size_t, std::uint8_t,
           void*) -> int { return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; });
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, refused);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, body);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, received);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, sent);
    nghttp2_session_callbacks_set_send_data_callback(made, send_body);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, stream_closed);
    return made;
  }();
  return all;
}

// ---- What comes

// What nghttp2 says nothing more of: PRIORITY, frames that it does not know, and heads on streams
// that are closed, which it does not remember.
int Http2Events::begin(nghttp2_session*, const nghttp2_frame_hd* head, void* user) {
  Http2Session& session = session_of(user);
  if (head->type == NGHTTP2_HEADERS && session.has_closed(head->stream_id))
    session.late(head->stream_id, 0);
  if (head->type == NGHTTP2_PRIORITY || head->type > NGHTTP2_CONTINUATION) session.glitch();
  if (head->type == NGHTTP2_PRIORITY && head->stream_id == 0) session.fault(NGHTTP2_PROTOCOL_ERROR);
  return 0;
}

int Http2Events::refused(nghttp2_session*, const nghttp2_frame* frame, int, void* user) {
  session_of(user).resets_.by_us(frame->hd.stream_id);
  return 0;
}

int Http2Events::begin_fields(nghttp2_session* h2, const nghttp2_frame* frame, void* user) {
  if (frame->hd.type != NGHTTP2_HEADERS) return 0;
  Http2Session& session = session_of(user);
  if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
    session.opens(frame->hd.stream_id);
    Http2Stream* const made = session.user_.opened();
    if (made == nullptr) {
      nghttp2_submit_rst_stream(h2, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
      return 0;
    }
    made->id_ = frame->hd.stream_id;
    nghttp2_session_set_stream_user_data(h2, made->id_, made);
  }
  Http2Stream* const stream = stream_of(h2, frame->hd.stream_id);
  if (stream != nullptr) stream->block_.begin(stream->arena_);
  return 0;
}

int Http2Events::field(nghttp2_session* h2, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* user) {
  Http2Stream* const stream = stream_of(h2, frame->hd.stream_id);
  if (stream == nullptr) return 0;
  Http2Session& session = session_of(user);
  const Http2Fields::Added added =
      stream->block_.add(text_of(name, name_size), text_of(value, value_size), session.heads_);
  if (added != Http2Fields::Added::far_over) return 0;
  session.glitch(glitches_of_a_bomb);
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // Resets; HPACK goes on, without being told.
}

int Http2Events::body(nghttp2_session* h2, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                      std::size_t size, void* user) {
  Http2Stream* const stream = stream_of(h2, id);
  if (stream == nullptr) {
    nghttp2_session_consume(h2, id, size);
    return 0;
  }
  // A backend's connection serves many clients, of which some take nothing: each has its stream's
  // window, none eats the connection's.
  if (session_of(user).side_ == Http2Session::Side::client)
    nghttp2_session_consume_connection(h2, size);
  stream->untaken_ += size;
  stream->due(Http2Stream::settle_due);
  stream->body(text_of(bytes, size));
  return 0;
}

int Http2Events::received(nghttp2_session* h2, const nghttp2_frame* frame, void* user) {
  Http2Session& session = session_of(user);
  if (session.side_ == Http2Session::Side::client && ends_message(*frame)) answered(session);
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
      if (Http2Stream* const stream = stream_of(h2, frame->hd.stream_id); stream != nullptr)
        received_fields(session, *stream, *frame);
      break;
    case NGHTTP2_DATA:
      received_data(session, stream_of(h2, frame->hd.stream_id), *frame);
      break;
    case NGHTTP2_SETTINGS:
      received_settings(session, *frame);
      break;
    case NGHTTP2_WINDOW_UPDATE:
      received_echo(session);
      break;
    case NGHTTP2_PING:  // gRPC measures by them how much is on its way.
      if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) received_echo(session);
      break;
    case NGHTTP2_GOAWAY:
      session.leaving_ = true;
      session.user_.peer_changed();
      break;
    case NGHTTP2_RST_STREAM:
      if (Http2Stream* const stream = stream_of(h2, frame->hd.stream_id); stream != nullptr)
        stream->end_.by_peer = true;
      session.resets_.by_peer(frame->hd.stream_id);
      received_reset(session);
      break;
    default:
      break;
  }
  return 0;
}

// Serves something as long as there is no more of it than of what we sent.
void Http2Events::received_echo(Http2Session& session) {
  if (session.wanted_echoes_ == 0) return session.glitch();
  --session.wanted_echoes_;
}

// Serves something as long as there are no more of them than of whole answers. A client that hedges
// gives up what was answered elsewhere; a backend that has answered early wants no more of the
// body.
void Http2Events::received_reset(Http2Session& session) {
  if (session.wanted_resets_ == 0) return session.glitch(glitches_of_a_reset);
  --session.wanted_resets_;
}

void Http2Events::answered(Http2Session& session) {
  session.wanted_resets_ = std::min(session.wanted_resets_ + 1, session.limits_.glitch_burst);
}

void Http2Events::received_fields(Http2Session& session, Http2Stream& stream,
                                  const nghttp2_frame& frame) {
  stream.due(Http2Stream::settle_due);
  stream.block_.join_cookies();
  if (!stream.head_done_) {
    stream.head_done_ = session.side_ == Http2Session::Side::server;
    return stream.head(ends_stream(frame));
  }
  if (stream.block_.broken_limit() != ErrorKind::none) {  // closed() follows.
    nghttp2_submit_rst_stream(session.h2_, NGHTTP2_FLAG_NONE, stream.id_, NGHTTP2_PROTOCOL_ERROR);
    return;
  }
  stream.body_end(read_http2_trailers(stream.block_));
}

void Http2Events::received_data(Http2Session& session, Http2Stream* stream,
                                const nghttp2_frame& frame) {
  if (ends_stream(frame)) {
    if (stream == nullptr) return;
    stream->due(Http2Stream::settle_due);
    return stream->body_end({});
  }
  if (frame.hd.length == frame.data.padlen) session.glitch();
}

void Http2Events::received_settings(Http2Session& session, const nghttp2_frame& frame) {
  if ((frame.hd.flags & NGHTTP2_FLAG_ACK) != 0) return;
  if (std::exchange(session.heard_, true)) session.glitch();
  session.user_.peer_changed();
}

int Http2Events::stream_closed(nghttp2_session* h2, std::int32_t id, std::uint32_t code,
                               void* user) {  // Must never fail: CVE-2023-35945.
  Http2Stream* const stream = stream_of(h2, id);
  if (stream == nullptr) return 0;
  stream->is_closed_ = true;
  const bool unsent = session_of(user).side_ == Http2Session::Side::client && !stream->head_sent_;
  stream->end_.code = code;
  stream->end_.unprocessed = code == NGHTTP2_REFUSED_STREAM || unsent;
  stream->due(Http2Stream::closed_due);
  return 0;
}

// ---- What goes

ssize_t Http2Events::read_body(nghttp2_session* h2, std::int32_t id, std::uint8_t*,
                               std::size_t most, std::uint32_t* flags, nghttp2_data_source*,
                               void*) {
  Http2Stream* const stream = stream_of(h2, id);
  if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  return stream->offer(most, *flags);
}

int Http2Events::send_body(nghttp2_session* h2, nghttp2_frame* frame, const std::uint8_t* head,
                           std::size_t size, nghttp2_data_source*, void* user) {
  constexpr std::size_t head_size = 9;
  Http2Session& session = session_of(user);
  session.output_.copy(text_of(head, head_size));
  stream_of(h2, frame->hd.stream_id)->give(size);
  if (session.output_.has_room()) return 0;
  session.paused_ = true;
  return NGHTTP2_ERR_PAUSE;
}

int Http2Events::sent(nghttp2_session* h2, const nghttp2_frame* frame, void* user) {
  Http2Session& session = session_of(user);
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA: {
      session.wanted_echoes_ =
          std::min(session.wanted_echoes_ + echoes_of_a_frame, most_wanted_echoes);
      if (session.side_ == Http2Session::Side::server && ends_stream(*frame)) answered(session);
      Http2Stream* const stream = stream_of(h2, frame->hd.stream_id);
      if (stream == nullptr) break;
      if (frame->hd.type == NGHTTP2_HEADERS) stream->head_sent_ = true;
      if (!ends_stream(*frame)) break;
      stream->end_sent_ = true;
      stream->due(Http2Stream::settle_due);
      break;
    }
    case NGHTTP2_RST_STREAM:
      session.resets_.by_us(frame->hd.stream_id);
      if (blames_peer(frame->rst_stream.error_code)) session.glitch();
      break;
    default:
      break;
  }
  return 0;
}

}  // namespace skiff
