#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <span>
#include <string_view>

#include "sidecar/codec/http1_parser.h"
#include "sidecar/codec/http2_headers.h"
#include "sidecar/codec/http2_session_glitches.h"
#include "sidecar/codec/http2_session_output.h"
#include "sidecar/codec/http2_session_resets.h"
#include "sidecar/codec/http2_session_scan.h"
#include "sidecar/codec/http2_session_stream.h"
#include "sidecar/codec/server_connection.h"
#include "sidecar/transport/loop.h"
#include "sidecar/transport/transport.h"

namespace skiff {

// Who has a session: the connection of one side. None of these may destroy the session.
class Http2SessionUser {
 public:
  // A request's head begins: a stream for it. Null refuses it (REFUSED_STREAM). Servers only.
  virtual Http2Stream* opened() { return nullptr; }
  // The peer's SETTINGS or GOAWAY came: ask room().
  virtual void peer_changed() {}
  // The last stream has ended, and been told so.
  virtual void drained() {}
  // The connection is closed, and every stream was told so. May be told within any call but those
  // that nghttp2 makes: not while a stream is told of what comes.
  virtual void over() = 0;

 protected:
  ~Http2SessionUser() = default;
};

// One connection that speaks HTTP/2, of either side: nghttp2's state, what is read and written, the
// windows, and the count of what a peer sends in vain.
//
// What comes is read in slices of 4 KiB, between which nghttp2 may say that it had enough, and told
// to the streams. What is to go is gathered, and written once a turn of the loop; at once where
// something large is only borrowed.
//
//   open --close(), lost, or both sides want no more--> over
//   open --an error of the peer's: GOAWAY sent--> lingering --its end, or a second--> over
class Http2Session final : private TransportUser, private Deferred, private Timer {
 public:
  enum class Side : std::uint8_t { server, client };

  struct Settings {
    const Http1Limits& heads;  // Of what comes.
    const Http2Limits& limits;
    Side side;
    std::int32_t first_stream = 1;  // A client's; its last is 2^31-1.
  };

  // All outlive it. Sends its preface in this turn.
  Http2Session(Loop& loop, TransportPtr transport, const Settings& settings,
               Http2SessionUser& user);
  ~Http2Session();
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  // Looks for what has come or ended without being told. False: it is over.
  bool look();
  // GOAWAY. `soon`: what is on its way is still welcome (2^31-1); needs a second one later.
  void go_away(bool soon);
  // Closes at once; what is in flight is told `lost`. `code`: a GOAWAY is tried first.
  void close(std::uint32_t code);
  void ping();  // What comes of it shows in last_read().
  // The peer did something that serves nothing; over the limit the connection ends with
  // ENHANCE_YOUR_CALM.
  void glitch(std::uint32_t count = 1);
  // The peer broke a rule: the connection ends with this code as soon as nothing is under way.
  void fault(std::uint32_t code);

  bool is_open() const { return state_ == State::open; }
  bool is_blocked() const { return blocked_; }  // The peer's kernel takes no more.
  std::uint32_t streams() const { return streams_; }
  // How many streams a client can begin now; 0 for good after a GOAWAY either way, or when the ids
  // are used up.
  std::uint32_t room() const;
  bool takes_more() const;               // False: room() is 0 for good.
  bool takes_extended_connect() const;   // The peer's SETTINGS say so (RFC 8441).
  bool heard() const { return heard_; }  // The peer's preface (its first SETTINGS) came.
  TimePoint last_read() const { return last_read_; }
  TimePoint last_written() const { return last_written_; }  // The kernel took something.
  Transport& transport() { return *transport_; }            // Needs is_open().
  Loop& loop() { return loop_; }

 private:
  friend class Http2Stream;
  friend struct Http2Events;
  enum class State : std::uint8_t { open, lingering, over };

  void readable() override;
  void writable() override;
  void run_deferred() override;
  void expired(TimePoint now) override;

  void start(std::int32_t first_stream);
  void read();
  void feed(std::string_view bytes);
  bool has_closed(std::int32_t stream) const;
  void late(std::int32_t stream, std::uint32_t size);
  void linger();
  void turn();
  void run_due();
  void drain();
  bool fill();
  bool write();
  void release_taken();
  void settle_state();
  void lost(bool orderly);
  void tell_lost(bool orderly);
  void finish();
  void over();
  void wake() { loop_.defer(*this); }
  void opens(std::int32_t stream) {
    last_opened_ = stream;
    ++opened_;
  }
  void add(Http2Stream& stream);
  void remove(Http2Stream& stream);
  void enqueue(Http2Stream& stream);
  void dequeue(Http2Stream& stream);

  Loop& loop_;
  TransportPtr transport_;
  nghttp2_session* h2_ = nullptr;
  const Http1Limits& heads_;
  const Http2Limits& limits_;
  Http2SessionUser& user_;
  Http2Output output_;
  Http2Glitches glitches_;
  Http2SessionScan scan_;
  Http2SessionResets resets_;
  Http2Stream* first_ = nullptr;      // All streams.
  Http2Stream* due_first_ = nullptr;  // Those that something is to be done for.
  Http2Stream* due_last_ = nullptr;
  Http2Stream* taken_ = nullptr;  // Those whose kept bytes are being written.
  TimePoint last_read_;
  TimePoint last_written_;
  std::uint32_t streams_ = 0;
  std::uint32_t wanted_echoes_ = 1;  // WINDOW_UPDATEs and PINGs that serve something.
  std::uint32_t wanted_resets_ = 0;  // Resets that serve something.
  std::uint32_t lingered_ = 0;
  std::uint32_t fault_ = NGHTTP2_NO_ERROR;  // The peer's, for which the connection is to end.
  std::int32_t last_opened_ = 0;            // The last stream, by number: all are a client's.
  std::uint32_t opened_ = 0;                // So many.
  const Side side_;
  State state_ = State::open;
  bool busy_ = false;     // Within nghttp2: it must not be entered again, nor go.
  bool blocked_ = false;  // Waits for the transport to take more.
  bool paused_ = false;   // nghttp2 was stopped by a full output.
  bool broken_ = false;   // Writing failed; it is lost as soon as nothing is under way.
  bool heard_ = false;
  bool leaving_ = false;  // GOAWAY was sent or came.
};

}  // namespace skiff
