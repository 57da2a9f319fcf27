#include <utility>

#include "sidecar/codec/http1_server.h"
#include "sidecar/http/answer.h"

// The second half of Http1Server: answers, ends and time.

namespace skiff {

using namespace std::chrono_literals;

namespace {

// After a connection went idle, one look for an end that arrived together with the last bytes: the
// edge that told of both is used up (transport.h).
constexpr Duration look_after = 100ms;
// How long, and how much, is read and thrown away so that a last answer is not destroyed by an RST.
constexpr Duration linger_for = 1s;
constexpr std::size_t linger_bytes = 256 * 1024;
// While draining, a connection may lie idle for so long: closing it at once could cross a request
// that is on its way, while one that is used is told to close by its next answer.
constexpr Duration drain_idle = 2s;

}  // namespace

// ---- Answers

void Http1Server::informational(Exchange& exchange, Response& response) {
  if (exchange.request.version == Version::http_1_0) return;
  if (response.status == 100 && !exchange.request.expects_continue) return;
  put_head(response, {.keep_alive = true});
  flush();
}

void Http1Server::answered(Exchange& exchange, Response& response) {
  stream_->answered = true;
  const bool is_1_0 = exchange.request.version == Version::http_1_0;
  const bool unknown = response.body == BodyKind::chunked || response.body == BodyKind::close;
  if (response.body == BodyKind::tunnel) open_tunnel();
  // What is still to come of the request's body would be in the way of the next request.
  const bool was_last = half_closed_ && input_.empty();
  if ((unknown && is_1_0) || !exchange.request_ended || was_last) keep_alive_ = false;
  stream_->until_close = unknown && is_1_0;
  exchange.marks.status = response.status;
  since_ = context_.loop.now();
  put_head(response, {.keep_alive = keep_alive_ && !draining_,
                      .client_is_1_0 = is_1_0,
                      .chunked = unknown && !is_1_0});
  keep_alive_ = keep_alive_ && !draining_;
}

// From now on what the client sends goes to the backend as it is.
void Http1Server::open_tunnel() {
  Exchange& exchange = *exchange_;
  exchange.request.body = BodyKind::tunnel;
  exchange.request_ended = false;
  exchange.deadlines.request = TimePoint::max();
  stream_->body.start(BodyKind::tunnel, 0);
  stream_->fed_attempt = exchange.marks.attempts;
  unread_ = true;  // An end may have come with the request (transport.h).
  resume();
}

void Http1Server::put_head(const Response& response, const ResponseFraming& framing) {
  Arena& arena = exchange_->arena;
  char* const head = arena.allocate(response_head_bound(response), 1);
  writer_.begin(arena, {head, encode_response_head(response, framing, head)}, framing.chunked);
}

void Http1Server::failed(Exchange& exchange, const Error& error) {
  exchange.marks.reason = error.kind;
  if (error.kind == ErrorKind::client_gone) {
    exchange.marks.status = about(error.kind).status;
    over(error);
    return close();
  }
  if (error.answer != nullptr && error.answer->reset) {
    transport_->reset();
    over(error);
    return close();
  }
  if (about(error.kind).close) keep_alive_ = false;
  Response response;
  const std::string_view body = answer_for(error, exchange.request, exchange.arena, response);
  if (exchange.request.method == Method::head) response.body = BodyKind::none;
  answered(exchange, response);
  if (exchange.request.method != Method::head) data(body);
  stream_->error = error;
  end({});
  flush();
}

void Http1Server::data(std::string_view bytes) {
  exchange_->marks.response_bytes += bytes.size();
  since_ = context_.loop.now();
  writer_.data(bytes);
}

void Http1Server::end(const Headers& trailers) {
  writer_.end(trailers);
  stream_->response_ended = true;
}

bool Http1Server::flush() {
  const Http1Writer::Flushed flushed = writer_.flush(*transport_);
  if (flushed == Http1Writer::Flushed::broken) {
    lost();
    return false;
  }
  if (flushed == Http1Writer::Flushed::some) transport_->wait_writable();
  settle();
  return flushed == Http1Writer::Flushed::all;
}

// Where the answer is whole the exchange is over; but a tunnel of which the backend still holds one
// direction.
void Http1Server::settle() {
  if (stream_ == nullptr || !stream_->response_ended) return;
  const bool goes_on = is_tunnel(exchange_->request) && exchange_->pending != nullptr;
  if (!goes_on) return finish();
  if (writer_.empty()) transport_->end_sending();
}

void Http1Server::abort(const Error& error) {
  // An end would look like the end of the body.
  if (stream_->until_close || is_tunnel(exchange_->request)) transport_->reset();
  exchange_->marks.reason = error.kind;
  over(error);
  close();
}

void Http1Server::writable() {
  context_.loop.refresh_now();
  const Http1Writer::Flushed flushed = writer_.flush(*transport_);
  if (flushed == Http1Writer::Flushed::broken) return lost();
  since_ = context_.loop.now();
  if (flushed == Http1Writer::Flushed::some) return transport_->wait_writable();
  if (state_ == State::closing) return close();
  if (state_ == State::lingering) return transport_->end_sending();
  if (exchange_ != nullptr) {
    if (exchange_->backend_source != nullptr) exchange_->backend_source->resume();
    settle();
  } else {
    context_.loop.defer(*this);  // The next request may have been waiting for this.
  }
}

// ---- Ends

void Http1Server::finish() {
  const bool whole = exchange_->request_ended;
  const bool tunnel = is_tunnel(exchange_->request);
  over(Error(stream_->error));
  if (!keep_alive_ || tunnel) return stop(!whole || !input_.empty());
  if (half_closed_ && input_.empty()) return stop(false);
  if (!consuming_ && (!input_.empty() || unread_)) context_.loop.defer(*this);
  arm();
}

// Gives the exchange back; the connection may go on.
void Http1Server::over(const Error& error) {
  Exchange& exchange = *std::exchange(exchange_, nullptr);
  stream_ = nullptr;
  writer_.forget();
  exchange.finish(error);
  context_.exchanges.give_back(exchange);
}

// No more requests. `linger`: the client may be sending still, and closing now could destroy the
// answer on its way (RFC 9112, 9.6).
void Http1Server::stop(bool linger) {
  state_ = linger ? State::lingering : State::closing;
  input_.clear();
  since_ = context_.loop.now();
  if (writer_.empty()) {
    if (!linger) return close();
    transport_->end_sending();
  }
  arm();
  if (linger) transport_->wait_readable();
}

void Http1Server::linger() {
  for (;;) {
    const IoResult got = transport_->receive(context_.loop.read_buffer(), Loop::read_size);
    if (got.kind == IoResult::Kind::again) return transport_->wait_readable();
    lingered_ += static_cast<std::uint32_t>(got.size);
    if (got.kind != IoResult::Kind::done || lingered_ > linger_bytes) return close();
  }
}

// The client is gone: nothing can be said to it any more.
void Http1Server::lost() {
  if (exchange_ != nullptr) fail({.kind = ErrorKind::client_gone});
  close();
}

void Http1Server::fail(const Error& error) {
  Exchange* const exchange = exchange_;
  if (exchange->pending != nullptr) exchange->pending->fail(*exchange, error);
  if (exchange_ != exchange) return;
  if (exchange->pending != nullptr) {  // A fallback: it has the same limits from now on.
    since_ = context_.loop.now();
    return;
  }
  if (stream_->answered) return abort(error);
  failed(*exchange, error);
}

void Http1Server::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  context_.loop.disarm(*this);
  context_.loop.undefer(*this);
  transport_.reset();
  context_.owner.closed(*this);
}

void Http1Server::drain() {
  draining_ = true;
  if (exchange_ == nullptr && !head_begun_) since_ = context_.loop.now();
  arm();
}

void Http1Server::cut() {
  if (exchange_ != nullptr) fail({.kind = ErrorKind::draining});
  close();
}

// ---- Time

TimePoint Http1Server::due() const {
  const ServerSettings& settings = context_.settings;
  if (state_ == State::lingering || state_ == State::closing) return since_ + linger_for;
  if (exchange_ == nullptr) {
    if (!writer_.empty()) return since_ + settings.stream_idle;
    if (head_begun_) return since_ + settings.request_headers;
    if (draining_) return since_ + drain_idle;
    if (requests_ == 0) return since_ + settings.request_headers;
    return looked_ ? since_ + settings.connection_idle : since_ + look_after;
  }
  const Deadlines& limits = exchange_->deadlines;
  TimePoint first = limits.request;
  if (limits.stream_idle > 0ns) first = std::min(first, since_ + limits.stream_idle);
  if (awaits_head()) first = std::min(first, since_ + limits.response_headers);
  if (may_be_gone()) first = std::min(first, patience_ends());
  return first;
}

// It ended its side and waits for its answer, or it has left: only a write would tell (decision
// 0005).
bool Http1Server::may_be_gone() const {
  return half_closed_ && exchange_->request_ended && !stream_->answered &&
         context_.settings.half_closed > 0ns;
}

// One of several requests in a row has its own time.
TimePoint Http1Server::patience_ends() const {
  return std::max(ended_at_, exchange_->started) + context_.settings.half_closed;
}

// Which of the limits of due() has passed.
ErrorKind Http1Server::overdue(TimePoint now) const {
  const Deadlines& limits = exchange_->deadlines;
  if (now >= limits.request) return limits.request_reason();
  if (may_be_gone() && now >= patience_ends()) return ErrorKind::client_gone;
  const bool headers = awaits_head() && now >= since_ + limits.response_headers;
  return headers ? ErrorKind::timeout_response_headers : ErrorKind::timeout_stream_idle;
}

bool Http1Server::awaits_head() const {
  return exchange_->deadlines.response_headers > 0ns && exchange_->request_ended &&
         !stream_->answered;
}

void Http1Server::arm() { context_.loop.arm(*this, due()); }

void Http1Server::expired(TimePoint now) {
  if (due() > now) return arm();
  if (state_ != State::open) return close();
  if (exchange_ == nullptr) return expired_between(now);
  fail({.kind = overdue(now)});
  if (exchange_ != nullptr) arm();
}

void Http1Server::expired_between(TimePoint now) {
  if (!writer_.empty() || (!head_begun_ && (requests_ == 0 || draining_))) return close();
  if (head_begun_) {
    exchange_ = &context_.exchanges.take();
    prepare({.keep_alive = false});
    return refuse(ErrorKind::timeout_request_headers);
  }
  if (now >= since_ + context_.settings.connection_idle) return close();
  looked_ = true;
  read();
  if (state_ == State::open) arm();
}

}  // namespace skiff
