#include "sidecar/codec/http2_session_stream.h"

#include <algorithm>
#include <utility>

#include "sidecar/codec/http2_session.h"
#include "sidecar/codec/http2_session_events.h"

namespace skiff {
namespace {

// From here on a piece is worth a system call of its own instead of being copied.
constexpr std::size_t worth_borrowing = 8 * 1024;
// While nothing can be written, a source may go on giving up to this.
constexpr std::size_t kept_without_stop = 16 * 1024;

}  // namespace

Http2Stream::Http2Stream(Http2Session& session, Arena& arena) : session_(session), arena_(arena) {
  session_.add(*this);
}

// ---- What comes

void Http2Stream::taken(std::size_t bytes) {
  untaken_ -= bytes;
  if (!is_listed_ || bytes == 0) return;
  if (session_.side_ == Http2Session::Side::server) {
    nghttp2_session_consume(session_.h2_, id_, bytes);
  } else {
    nghttp2_session_consume_stream(session_.h2_, id_, bytes);
  }
  session_.wake();
}

void Http2Stream::due(Due what) {
  if (!is_listed_) return;
  due_ |= what;
  if (!is_due_) session_.enqueue(*this);
}

// ---- What goes

void Http2Stream::send_head(std::span<const nghttp2_nv> fields) {
  head_ = fields;
  head_waits_ = true;
  due(send_due);
}

void Http2Stream::send_interim(std::span<const nghttp2_nv> fields) {
  if (!is_listed_ || is_closed_) return;
  auto* const copied = arena_.make_array<nghttp2_nv>(fields.size());
  std::copy(fields.begin(), fields.end(), copied);
  for (std::size_t i = 0; i < fields.size(); ++i) copied[i].flags = NGHTTP2_NV_FLAG_NONE;
  nghttp2_submit_headers(session_.h2_, NGHTTP2_FLAG_NONE, id_, nullptr, copied, fields.size(),
                         nullptr);
  session_.wake();
}

void Http2Stream::send_body(std::string_view bytes) {
  if (bytes.empty()) return;
  if (piece_count_ == most_pieces) keep_pieces();
  pieces_[piece_count_++] = bytes;
  waiting_ += bytes.size();
}

void Http2Stream::send_end(const Headers& trailers) {
  ended_ = true;
  for (const Field& field : trailers)
    trailers_.add(arena_, arena_.copy(field.name()), arena_.copy(field.value()));
}

bool Http2Stream::flush_body() {
  if (!is_listed_ || is_closed_) {
    drop_body();
    return false;
  }
  submit();
  if (session_.busy_ || session_.blocked_) {
    session_.wake();
  } else {
    session_.drain();
  }
  keep_pieces();
  if (waiting_ == 0 && !session_.blocked_) return true;
  if (session_.busy_ && waiting_ <= kept_without_stop) return true;
  stalled_ = true;
  return false;
}

// Hands the head to nghttp2, or says that there is more of the body.
void Http2Stream::submit() {
  if (!head_waits_) {
    const bool more = waiting_ > 0 || ended_;
    if (more && std::exchange(deferred_, false)) nghttp2_session_resume_data(session_.h2_, id_);
    return;
  }
  head_waits_ = false;
  begins_at_ = session_.output_.given();
  const bool with_body = waiting_ > 0 || !ended_ || trailers_.size() > 0;
  nghttp2_data_provider body{};
  body.read_callback = Http2Events::read_body;
  nghttp2_data_provider* const provider = with_body ? &body : nullptr;
  int failed = 0;
  if (session_.side_ == Http2Session::Side::server) {
    failed = nghttp2_submit_response(session_.h2_, id_, head_.data(), head_.size(), provider);
  } else {
    failed = id_ =
        nghttp2_submit_request(session_.h2_, nullptr, head_.data(), head_.size(), provider, this);
  }
  if (session_.side_ == Http2Session::Side::client && failed > 0) session_.opens(id_);
  if (failed >= 0) return;
  if (session_.side_ == Http2Session::Side::server) return reset(NGHTTP2_INTERNAL_ERROR);
  id_ = 0;  // No ids are left.
  is_closed_ = true;
  end_ = {.code = NGHTTP2_REFUSED_STREAM, .unprocessed = true};
  due(closed_due);
}

// How much of the body goes into the next frame.
ssize_t Http2Stream::offer(std::size_t most, std::uint32_t& flags) {
  const std::size_t size = std::min(most, waiting_);
  if (size == 0 && !ended_) {
    deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (size < waiting_ || !ended_) return static_cast<ssize_t>(size);
  flags |= NGHTTP2_DATA_FLAG_EOF;
  if (trailers_.size() > 0) {
    flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const auto fields = http2_trailer_fields(trailers_, arena_);
    auto* const copied = arena_.make_array<nghttp2_nv>(fields.size());
    std::copy(fields.begin(), fields.end(), copied);
    for (std::size_t i = 0; i < fields.size(); ++i) copied[i].flags = NGHTTP2_NV_FLAG_NONE;
    nghttp2_submit_trailer(session_.h2_, id_, copied, fields.size());
  }
  return static_cast<ssize_t>(size);
}

// Puts that much of the body into the output: kept bytes first, then pieces.
void Http2Stream::give(std::size_t size) {
  waiting_ -= size;
  const std::size_t kept = std::min(size, kept_.size() - kept_given_);
  if (kept > 0) {
    give_piece(kept_.view().substr(kept_given_, kept));
    kept_given_ += kept;
    if (!std::exchange(is_taken_, true)) taken_next_ = std::exchange(session_.taken_, this);
    size -= kept;
  }
  while (size > 0) {
    std::string_view& piece = pieces_[first_piece_];
    const std::size_t part = std::min(size, piece.size());
    give_piece(piece.substr(0, part));
    piece.remove_prefix(part);
    size -= part;
    if (piece.empty()) ++first_piece_;
  }
}

void Http2Stream::give_piece(std::string_view piece) {
  Http2Output& output = session_.output_;
  piece.size() < worth_borrowing ? output.copy(piece) : output.borrow(piece);
}

// The pieces are borrowed only until flush_body() returns.
void Http2Stream::keep_pieces() {
  for (; first_piece_ < piece_count_; ++first_piece_) kept_.append(pieces_[first_piece_]);
  first_piece_ = piece_count_ = 0;
}

void Http2Stream::drop_body() {
  first_piece_ = piece_count_ = 0;
  waiting_ = 0;
  kept_.clear();
}

// What was given of the kept bytes is copied or written.
void Http2Stream::release() {
  is_taken_ = false;
  kept_.consume(std::exchange(kept_given_, 0));
  tell_drained();
}

void Http2Stream::tell_drained() {
  if (waiting_ == 0 && !session_.blocked_ && std::exchange(stalled_, false)) drained();
}

// ---- The end

void Http2Stream::reset(std::uint32_t code) {
  if (!is_listed_ || is_closed_) return;
  drop_body();
  if (id_ != 0) nghttp2_submit_rst_stream(session_.h2_, NGHTTP2_FLAG_NONE, id_, code);
  session_.wake();
  if (session_.side_ == Http2Session::Side::client) leave();
}

void Http2Stream::leave() {
  if (!is_listed_) return;
  if (untaken_ > 0 && session_.side_ == Http2Session::Side::server)
    nghttp2_session_consume_connection(session_.h2_, untaken_);
  untaken_ = 0;
  session_.remove(*this);
  session_.wake();
}

}  // namespace skiff
