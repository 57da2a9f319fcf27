#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/byte_buffer.h"
#include "sidecar/codec/http2_headers.h"
#include "sidecar/http/arena.h"

namespace skiff {

class Http2Session;

// How a stream ended.
struct Http2End {
  std::uint32_t code = NGHTTP2_NO_ERROR;  // Of the RST_STREAM that ended it, of either side.
  bool by_peer = false;                   // By its RST_STREAM.
  bool lost = false;                      // The connection broke under it.
  bool unprocessed = false;               // Proved: the peer has not begun to act on it.
};

// One stream of a session. Its owner derives from it and may destroy it at any time but within
// body(), head() and body_end() of this stream. What it gave to send_head() must live until
// closed() or reset(), on a server until closed().
class Http2Stream {
 public:
  Http2Stream(const Http2Stream&) = delete;
  Http2Stream& operator=(const Http2Stream&) = delete;

 protected:
  // All texts of heads are copied into `arena`.
  Http2Stream(Http2Session& session, Arena& arena);
  ~Http2Stream() { leave(); }

  // ---- What comes, told while the session reads. Sending on any stream is allowed: it goes out
  // when all was read.

  // block() is a whole head: a request, an interim or a final answer (a client tells by its status,
  // and calls head_done() after the final one). `ended`: no body follows, and no
  // body_end().
  virtual void head(bool ended) = 0;
  virtual void body(std::string_view bytes) = 0;  // Borrowed until settle() returns.
  // Its message is whole. The trailers live in the arena.
  virtual void body_end(const Headers& trailers) = 0;
  // ---- Told when all was read that the turn had, after any of those above; also when end_sent()
  // has become true.
  virtual void settle() = 0;
  // What flush_body() said false to has gone out. Must not flush within this call.
  virtual void drained() = 0;
  // It is over, by both ends, RST_STREAM, GOAWAY or the connection's end; the last call.
  virtual void closed(const Http2End& end) = 0;

  Http2Session& session() { return session_; }
  std::int32_t id() const { return id_; }  // 0: a client's, not submitted yet.
  Http2Fields& block() { return block_; }
  bool is_closed() const { return is_closed_; }  // nghttp2 knows it no more; closed() follows.
  void head_done() { head_done_ = true; }        // The next block is trailers.
  // So many bytes of the body were taken by the other side: the peer may send as many more. (On the
  // connection a server may do so as soon as they came.)
  // settle() or any later time. What was not told when the stream ends is given back by itself.
  void taken(std::size_t bytes);
  std::size_t untaken() const { return untaken_; }

  // ---- What goes. First an answer's or request's head, then its body as in BodySink (body.h).

  // The fields are not copied. It goes out by flush_body(), or at the end of the turn.
  void send_head(std::span<const nghttp2_nv> fields);
  void send_interim(std::span<const nghttp2_nv> fields);  // 1xx; copied.
  void send_body(std::string_view bytes);
  void send_end(const Headers& trailers);  // Copied.
  // False: enough for now, drained() will be called.
  bool flush_body();
  std::size_t waiting() const { return waiting_; }  // Bytes of the body that have not gone out.
  bool head_sent() const { return head_sent_; }
  bool end_sent() const { return end_sent_; }  // With all before it.

  // RST_STREAM. closed() follows on a server; a client's stream leaves the session at once.
  void reset(std::uint32_t code);
  // Leaves the session, which tells it nothing more.
  void leave();

 private:
  friend class Http2Session;
  friend struct Http2Events;
  enum Due : std::uint8_t { settle_due = 1, send_due = 2, closed_due = 4 };
  static constexpr std::size_t most_pieces = 8;

  void due(Due what);
  void submit();
  ssize_t offer(std::size_t most, std::uint32_t& flags);
  void give(std::size_t size);
  void give_piece(std::string_view piece);
  void keep_pieces();
  void drop_body();
  void release();
  void tell_drained();

  Http2Session& session_;
  Arena& arena_;
  Http2Stream* next_ = nullptr;  // In the session's list of all.
  Http2Stream* previous_ = nullptr;
  Http2Stream* due_next_ = nullptr;
  Http2Stream* due_previous_ = nullptr;
  Http2Stream* taken_next_ = nullptr;
  Http2Fields block_;
  std::span<const nghttp2_nv> head_{};  // Not submitted yet.
  Headers trailers_{};
  ByteBuffer kept_;  // In front of the pieces.
  std::array<std::string_view, most_pieces> pieces_{};
  Http2End end_{};
  std::uint64_t begins_at_ = 0;  // The connection's byte with which its head began.
  std::size_t waiting_ = 0;
  std::size_t kept_given_ = 0;  // Of kept_, in the output but not written.
  std::size_t untaken_ = 0;
  std::int32_t id_ = 0;
  std::uint8_t first_piece_ = 0;
  std::uint8_t piece_count_ = 0;
  std::uint8_t due_ = 0;
  bool is_listed_ = false;
  bool is_due_ = false;
  bool is_taken_ = false;
  bool is_closed_ = false;
  bool head_done_ = false;
  bool head_waits_ = false;  // head_ is to be submitted.
  bool head_sent_ = false;
  bool deferred_ = false;  // nghttp2 waits for more of it.
  bool ended_ = false;     // send_end() was called.
  bool end_sent_ = false;
  bool stalled_ = false;  // drained() is owed.
};

}  // namespace skiff
