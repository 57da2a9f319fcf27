#include "sidecar/codec/http2_session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "sidecar/codec/http2_session_events.h"
#include "sidecar/codec/http2_session_memory.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

// How long, and how much, is read and thrown away so that a last GOAWAY is not destroyed by an RST.
constexpr Duration linger_for = 1s;
constexpr std::size_t linger_bytes = 256 * 1024;
// One look for an end that came with the last bytes: the edge of both is used up (transport.h).
constexpr Duration look_after = 100ms;
constexpr std::size_t most_head_bytes = 1024 * 1024;  // That we send; what came was limited.

const nghttp2_option* options() {
  static const nghttp2_option* const all = [] {
    nghttp2_option* made = nullptr;
    nghttp2_option_new(&made);
    nghttp2_option_set_no_auto_window_update(made, 1);
    nghttp2_option_set_no_closed_streams(made, 1);
    nghttp2_option_set_max_send_header_block_length(made, most_head_bytes);
    // Http2Glitches counts them, and says ENHANCE_YOUR_CALM.
    nghttp2_option_set_stream_reset_rate_limit(made, 1'000'000, 1'000'000);
    return made;
  }();
  return all;
}

}  // namespace

Http2Session::Http2Session(Loop& loop, TransportPtr transport, const Settings& settings,
                           Http2SessionUser& user)
    : loop_(loop),
      transport_(std::move(transport)),
      heads_(settings.heads),
      limits_(settings.limits),
      user_(user),
      output_(std::min<std::size_t>(settings.limits.write_buffer, Http2Output::default_most)),
      glitches_(settings.limits, loop.now()),
      scan_(settings.side == Side::server ? NGHTTP2_CLIENT_MAGIC_LEN : 0),
      resets_(settings.limits.stream_window),
      last_read_(loop.now()),
      last_written_(loop.now()),
      side_(settings.side) {
  start(settings.first_stream);
  transport_->set_user(*this);
  transport_->wait_readable();
  wake();
}

void Http2Session::start(std::int32_t first_stream) {
  const auto make =
      side_ == Side::server ? nghttp2_session_server_new3 : nghttp2_session_client_new3;
  make(&h2_, Http2Events::callbacks(), this, options(), http2_memory());
  const nghttp2_settings_entry for_clients[] = {
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits_.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(heads_.header_bytes)},
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits_.concurrent_streams},
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}};
  const nghttp2_settings_entry for_servers[] = {
      for_clients[0], for_clients[1], {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
  if (side_ == Side::server) {
    nghttp2_submit_settings(h2_, NGHTTP2_FLAG_NONE, for_clients, std::size(for_clients));
  } else {
    nghttp2_submit_settings(h2_, NGHTTP2_FLAG_NONE, for_servers, std::size(for_servers));
    nghttp2_session_set_next_stream_id(h2_, first_stream);
  }
  nghttp2_session_set_local_window_size(h2_, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(limits_.connection_window));
}

Http2Session::~Http2Session() {
  while (first_ != nullptr) remove(*first_);
  loop_.undefer(*this);
  nghttp2_session_del(h2_);
}

// ---- Reading

void Http2Session::readable() {
  loop_.refresh_now();
  if (state_ == State::lingering) return linger();
  read();
}

bool Http2Session::look() {
  if (is_open()) read();
  return is_open();
}

void Http2Session::read() {
  while (is_open()) {
    char* const buffer = loop_.read_buffer();
    const IoResult got = transport_->receive(buffer, Loop::read_size);
    if (got.kind == IoResult::Kind::again) return transport_->wait_readable();
    if (got.kind != IoResult::Kind::done) return lost(got.kind == IoResult::Kind::end);
    last_read_ = loop_.now();
    feed({buffer, got.size});
    turn();
    if (!is_open() || got.size == Loop::read_size) continue;
    loop_.arm(*this, loop_.now() + look_after);
    return transport_->wait_readable();
  }
}

// ---- A turn

void Http2Session::run_deferred() { turn(); }

// All that is to be done after something has come, or was given to be sent.
void Http2Session::turn() {
  if (!is_open()) return;
  do {
    run_due();
    if (!is_open()) return;
    drain();
    write();
  } while (due_first_ != nullptr && !broken_);
  settle_state();
}

// A stream may be gone after anything that it is told.
void Http2Session::run_due() {
  while (due_first_ != nullptr && is_open()) {
    Http2Stream& stream = *due_first_;
    if ((stream.due_ & Http2Stream::settle_due) != 0) {
      stream.due_ &= static_cast<std::uint8_t>(~Http2Stream::settle_due);
      stream.settle();
    } else if ((stream.due_ & Http2Stream::send_due) != 0) {
      stream.due_ &= static_cast<std::uint8_t>(~Http2Stream::send_due);
      if (!stream.is_closed_) stream.submit();
    } else if ((stream.due_ & Http2Stream::closed_due) != 0) {
      const Http2End end = stream.end_;
      stream.leave();
      stream.closed(end);
      if (first_ == nullptr) user_.drained();
    } else {
      dequeue(stream);
    }
  }
}

void Http2Session::settle_state() {
  if (broken_) return lost(false);
  if (fault_ != NGHTTP2_NO_ERROR && nghttp2_session_want_read(h2_) != 0) {
    nghttp2_session_terminate_session(h2_, fault_);
    drain();
    write();
    if (blocked_ || broken_) return lost(false);
  }
  const bool wanted = nghttp2_session_want_read(h2_) != 0 || nghttp2_session_want_write(h2_) != 0;
  if (!wanted && output_.empty()) finish();
}

// ---- Writing

// Takes from nghttp2 what it has, as far as the transport takes it. Tells no stream anything but
// drained().
void Http2Session::drain() {
  if (busy_ || blocked_ || broken_) return;
  bool more = true;
  while (more) {
    more = fill();
    const bool must_write = more || output_.borrows();
    const bool written = must_write && write();
    release_taken();
    if (must_write && !written) return;
  }
  if (!output_.empty()) wake();
}

// True: there may be more than the output has room for.
bool Http2Session::fill() {
  busy_ = true;
  bool more = true;
  while (more && output_.has_room()) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(h2_, &bytes);
    if (size > 0) {
      output_.copy({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
    } else {
      more = std::exchange(paused_, false);
      broken_ = broken_ || size < 0;
    }
  }
  busy_ = false;
  return more;
}

// False: the transport takes no more now, or never.
bool Http2Session::write() {
  if (blocked_ || broken_ || output_.empty()) return !blocked_ && !broken_;
  const std::size_t waited = output_.waiting();
  const Http2Output::Sent sent = output_.send(*transport_);
  if (sent == Http2Output::Sent::broken) {
    broken_ = true;
    wake();
    return false;
  }
  if (waited == 0 || output_.waiting() < waited) last_written_ = loop_.now();
  if (sent == Http2Output::Sent::all) return true;
  blocked_ = true;
  transport_->wait_writable();
  return false;
}

void Http2Session::release_taken() {
  while (taken_ != nullptr) {
    Http2Stream& stream = *std::exchange(taken_, taken_->taken_next_);
    stream.release();
  }
}

void Http2Session::writable() {
  loop_.refresh_now();
  if (!is_open()) return;
  blocked_ = false;
  if (!write()) return settle_state();
  for (Http2Stream* each = first_; each != nullptr; each = each->next_) each->tell_drained();
  turn();
}

// ---- Streams

bool Http2Session::takes_more() const {
  return is_open() && !leaving_ && nghttp2_session_check_request_allowed(h2_) != 0;
}

std::uint32_t Http2Session::room() const {
  if (!takes_more()) return 0;
  const std::uint32_t most =
      nghttp2_session_get_remote_settings(h2_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  return most > streams_ ? most - streams_ : 0;
}

bool Http2Session::takes_extended_connect() const {
  return nghttp2_session_get_remote_settings(h2_, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

void Http2Session::add(Http2Stream& stream) {
  stream.is_listed_ = true;
  stream.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &stream;
  first_ = &stream;
  ++streams_;
}

void Http2Session::remove(Http2Stream& stream) {
  if (stream.is_due_) dequeue(stream);
  (stream.previous_ == nullptr ? first_ : stream.previous_->next_) = stream.next_;
  if (stream.next_ != nullptr) stream.next_->previous_ = stream.previous_;
  stream.is_listed_ = false;
  --streams_;
  if (stream.id_ != 0 && !stream.is_closed_)
    nghttp2_session_set_stream_user_data(h2_, stream.id_, nullptr);
}

void Http2Session::enqueue(Http2Stream& stream) {
  stream.is_due_ = true;
  stream.due_next_ = nullptr;
  stream.due_previous_ = due_last_;
  (due_last_ == nullptr ? due_first_ : due_last_->due_next_) = &stream;
  due_last_ = &stream;
  wake();
}

void Http2Session::dequeue(Http2Stream& stream) {
  stream.is_due_ = false;
  stream.due_ = 0;
  (stream.due_previous_ == nullptr ? due_first_ : stream.due_previous_->due_next_) =
      stream.due_next_;
  (stream.due_next_ == nullptr ? due_last_ : stream.due_next_->due_previous_) =
      stream.due_previous_;
}

// ---- Ends

void Http2Session::glitch(std::uint32_t count) {
  if (!glitches_.add(count, loop_.now())) fault(NGHTTP2_ENHANCE_YOUR_CALM);
}

void Http2Session::fault(std::uint32_t code) {
  if (fault_ == NGHTTP2_NO_ERROR) fault_ = code;
  wake();
}

void Http2Session::go_away(bool soon) {
  if (!is_open()) return;
  leaving_ = true;
  if (soon) {
    nghttp2_submit_shutdown_notice(h2_);
  } else {
    nghttp2_submit_goaway(h2_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(h2_),
                          NGHTTP2_NO_ERROR, nullptr, 0);
  }
  wake();
}

void Http2Session::ping() {
  nghttp2_submit_ping(h2_, NGHTTP2_FLAG_NONE, nullptr);
  wake();
}

void Http2Session::close(std::uint32_t code) {
  if (state_ == State::over) return;
  if (busy_) {
    broken_ = true;
    return wake();
  }
  if (is_open()) {
    nghttp2_session_terminate_session(h2_, code);
    drain();
    write();
    tell_lost(false);
  }
  over();
}

void Http2Session::lost(bool orderly) {
  tell_lost(orderly);
  over();
}

void Http2Session::tell_lost(bool orderly) {
  state_ = State::lingering;
  while (first_ != nullptr) {
    Http2Stream& stream = *first_;
    Http2End end = stream.end_;
    if (!stream.is_closed_) {
      end.lost = true;
      end.unprocessed = !stream.head_sent_ || output_.written() <= stream.begins_at_ ||
                        (orderly && !transport_->acknowledged_beyond(stream.begins_at_));
    }
    stream.leave();
    stream.closed(end);
  }
}

// Both sides want no more. What the peer may be sending still is read and thrown away for a moment.
void Http2Session::finish() {
  tell_lost(false);
  if (side_ == Side::client) return over();
  transport_->end_sending();
  loop_.arm(*this, loop_.now() + linger_for);
  linger();
}

void Http2Session::linger() {
  for (;;) {
    const IoResult got = transport_->receive(loop_.read_buffer(), Loop::read_size);
    if (got.kind == IoResult::Kind::again) return transport_->wait_readable();
    lingered_ += static_cast<std::uint32_t>(got.size);
    if (got.kind != IoResult::Kind::done || lingered_ > linger_bytes) return over();
  }
}

void Http2Session::expired(TimePoint) {
  if (state_ == State::lingering) return over();
  read();
}

void Http2Session::over() {
  if (state_ == State::over) return;
  state_ = State::over;
  loop_.disarm(*this);
  loop_.undefer(*this);
  transport_.reset();
  user_.over();
}

}  // namespace skiff
