#include "sidecar/codec/http2_server_stream.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "sidecar/codec/http2_server.h"
#include "sidecar/http/answer.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

// What a client of HTTP/1.1 would have put into `sec-websocket-key`.
using WebsocketKey = std::array<char, 25>;
WebsocketKey websocket_key(Random& random) {
  const std::uint64_t bits[] = {random.next(), random.next()};
  std::array<unsigned char, sizeof bits> bytes{};
  std::memcpy(bytes.data(), bits, sizeof bits);
  WebsocketKey key{};
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(key.data()), bytes.data(), bytes.size());
  return key;
}

}  // namespace

Http2ServerStream::Http2ServerStream(Http2Server& server, Http2Session& session, Exchange& exchange)
    : Http2Stream(session, exchange.arena),
      server_(server),
      exchange_(exchange),
      since_(session.loop().now()) {
  arm();
}

Http2ServerStream::~Http2ServerStream() { session().loop().undefer(*this); }

// ---- The request

void Http2ServerStream::head(bool ended) {
  begun_ = true;
  received_ = ended;
  Exchange& exchange = exchange_;
  const bool is_websocket = block().protocol == "websocket";
  const WebsocketKey key = is_websocket ? websocket_key(session().loop().random()) : WebsocketKey();
  const ErrorKind error =
      read_http2_request(block(), ended, key.data(), exchange.arena, exchange.request);
  prepare();
  if (error != ErrorKind::none) return refuse(error);
  const std::uint64_t most = server_.context_.settings.body_bytes;
  if (most != 0 && exchange.request.content_length > most)
    return refuse(ErrorKind::bad_request_body_too_large);
  server_.context_.entry.forward(exchange, *this);
  arm();
}

void Http2ServerStream::prepare() {
  Exchange& exchange = exchange_;
  since_ = exchange.started = session().loop().now();
  exchange.client_address = server_.peer_.address;
  exchange.destination = server_.peer_.destination();
  exchange.client_identity = session().transport().peer_identity();
  exchange.client_sink = this;
  exchange.client_source = this;
  exchange.deadlines.stream_idle = server_.context_.settings.stream_idle;
  exchange.request_ended = received_ || !has_body(exchange.request);
}

void Http2ServerStream::refuse(ErrorKind kind) {
  server_.context_.owner.refused(exchange_, kind);
  failed(exchange_, {.kind = kind});
}

// Whether what comes of the body can go straight on.
bool Http2ServerStream::takes_body() const {
  return exchange_.backend_sink != nullptr && !paused_ && held_.empty() && !is_held();
}

// What follows the head of a CONNECT is no body until the answer says so.
bool Http2ServerStream::is_held() const { return exchange_.request.body == BodyKind::none; }

void Http2ServerStream::body(std::string_view bytes) {
  since_ = session().loop().now();
  if (response_ended_) return taken(bytes.size());
  if (!takes_body()) return held_.append(bytes);
  replay();
  pass_on(bytes);
}

void Http2ServerStream::pass_on(std::string_view bytes) {
  passed_ += bytes.size();
  const ErrorKind error = take(bytes);
  if (error != ErrorKind::none) fail({.kind = error});
}

ErrorKind Http2ServerStream::take(std::string_view bytes) {
  exchange_.marks.request_bytes += bytes.size();
  const std::uint64_t most = server_.context_.settings.body_bytes;
  if (most != 0 && exchange_.marks.request_bytes > most)
    return ErrorKind::bad_request_body_too_large;
  if (!answered_) exchange_.keep_for_replay(bytes);
  exchange_.backend_sink->data(bytes);
  fed_ = true;
  return ErrorKind::none;
}

void Http2ServerStream::body_end(const Headers& trailers) {
  received_ = true;
  trailers_ = trailers;
  if (!takes_body()) return;
  replay();
  pass_end();
}

void Http2ServerStream::pass_end() {
  if (exchange_.request_ended) return;
  exchange_.request_ended = true;
  since_ = session().loop().now();
  exchange_.backend_sink->end(trailers_);
  fed_ = true;
}

// Gives another attempt what the ones before it got.
bool Http2ServerStream::replay() {
  if (fed_attempt_ == exchange_.marks.attempts) return false;
  fed_attempt_ = exchange_.marks.attempts;
  for (const Replay::Chunk* chunk = exchange_.replay.first; chunk != nullptr; chunk = chunk->next)
    exchange_.backend_sink->data(chunk->bytes);
  if (exchange_.request_ended) exchange_.backend_sink->end(trailers_);
  fed_ = true;
  return true;
}

void Http2ServerStream::settle() {
  if (fed_) flush_to_backend();
  // The answer is whole: what is still to come of the request serves nothing (RFC 9113, 8.1); but
  // of a tunnel the backend may still take the other direction.
  const bool goes_on = is_tunnel(exchange_.request) && exchange_.pending != nullptr;
  if (end_sent() && !received_ && !goes_on) reset(NGHTTP2_NO_ERROR);
  if (!is_over_) arm();
}

void Http2ServerStream::flush_to_backend() {
  fed_ = false;
  if (exchange_.backend_sink == nullptr) return;
  paused_ = !exchange_.backend_sink->flush();
  if (!paused_) taken(std::exchange(passed_, 0));
}

void Http2ServerStream::resume() {
  paused_ = false;
  session().loop().defer(*this);
}

void Http2ServerStream::run_deferred() {
  if (is_over_ || exchange_.backend_sink == nullptr || paused_ || is_held()) return;
  taken(std::exchange(passed_, 0));
  if (!has_body(exchange_.request)) return;
  replay();
  const ByteBuffer held = std::exchange(held_, {});
  if (!held.empty()) pass_on(held.view());
  if (exchange_.backend_sink == nullptr) return;
  if (received_) pass_end();
  if (fed_) flush_to_backend();
}

// ---- The answer

void Http2ServerStream::informational(Exchange& exchange, Response& response) {
  if (response.status == 100 && !exchange.request.expects_continue) return;
  send_interim(http2_response_fields(response, exchange.arena));
}

void Http2ServerStream::answered(Exchange& exchange, Response& response) {
  if (is_over_) return;
  const bool tunnel = response.body == BodyKind::tunnel;
  // To the client it would look like the switch that it was not (RFC 8441, 5).
  if (!exchange.request.upgrade.empty() && !tunnel && response.status / 100 == 2)
    return fail({.kind = ErrorKind::bad_response, .detail = "2xx to an extended CONNECT"});
  answered_ = true;
  if (tunnel) open_tunnel();
  exchange.marks.status = response.status;
  since_ = session().loop().now();
  send_head(http2_response_fields(response, exchange.arena));
}

// From now on what the client sends goes to the backend as it is.
void Http2ServerStream::open_tunnel() {
  exchange_.request.body = BodyKind::tunnel;
  exchange_.request_ended = false;
  exchange_.deadlines.request = TimePoint::max();
  fed_attempt_ = exchange_.marks.attempts;
  resume();
}

void Http2ServerStream::failed(Exchange& exchange, const Error& error) {
  exchange.marks.reason = error.kind;
  error_ = error;
  if (is_over_ || error.kind == ErrorKind::client_gone) {
    exchange.marks.status = about(ErrorKind::client_gone).status;
    return reset(NGHTTP2_CANCEL);
  }
  if (error.answer != nullptr && error.answer->reset) return reset(NGHTTP2_INTERNAL_ERROR);
  Response response;
  const std::string_view body = answer_for(error, exchange.request, exchange.arena, response);
  const bool with_body = exchange.request.method != Method::head;
  answered_ = true;
  exchange.marks.status = response.status;
  since_ = session().loop().now();
  send_head(http2_response_fields(response, exchange.arena));
  if (with_body) data(body);
  response_ended_ = true;
  send_end({});
  flush();
  held_.clear();
}

void Http2ServerStream::data(std::string_view bytes) {
  exchange_.marks.response_bytes += bytes.size();
  since_ = session().loop().now();
  send_body(bytes);
}

void Http2ServerStream::end(const Headers& trailers) {
  response_ended_ = true;
  send_end(trailers);
}

bool Http2ServerStream::flush() { return flush_body(); }

void Http2ServerStream::drained() {
  since_ = session().loop().now();
  if (exchange_.backend_source != nullptr) exchange_.backend_source->resume();
}

void Http2ServerStream::abort(const Error& error) {
  if (!answered_) return failed(exchange_, error);
  exchange_.marks.reason = error.kind;
  error_ = error;
  response_ended_ = true;
  reset(NGHTTP2_INTERNAL_ERROR);
}

// ---- Ends

void Http2ServerStream::closed(const Http2End& end) {
  const bool whole = response_ended_ && end_sent();
  is_over_ = true;
  session().loop().disarm(*this);
  Error error = error_;
  if (!whole && error.kind == ErrorKind::none) {
    error = end.lost ? server_.end_ : Error{.kind = ErrorKind::client_gone};
    exchange_.marks.reason = error.kind;
    if (!answered_) exchange_.marks.status = about(ErrorKind::client_gone).status;
  }
  if (exchange_.pending != nullptr) {
    const bool fine = error.kind == ErrorKind::none;  // A tunnel that the client has left.
    exchange_.pending->fail(exchange_, fine ? Error{.kind = ErrorKind::client_gone} : error);
  }
  server_.finished(*this, error);
}

void Http2ServerStream::fail(const Error& error) {
  const bool had_answered = answered_;
  if (exchange_.pending != nullptr) exchange_.pending->fail(exchange_, error);
  if (error_.kind != ErrorKind::none) return;
  // A fallback has answered, or is about to.
  if (exchange_.pending != nullptr || answered_ != had_answered) return;
  if (had_answered) return abort(error);
  failed(exchange_, error);
}

// ---- Time

TimePoint Http2ServerStream::due() const {
  if (!begun_) return since_ + server_.context_.settings.request_headers;
  const Deadlines& limits = exchange_.deadlines;
  TimePoint first = response_ended_ ? TimePoint::max() : limits.request;
  if (limits.stream_idle > 0ns) first = std::min(first, since_ + limits.stream_idle);
  if (awaits_head()) first = std::min(first, since_ + limits.response_headers);
  return first;
}

bool Http2ServerStream::awaits_head() const {
  return exchange_.deadlines.response_headers > 0ns && exchange_.request_ended && !answered_;
}

ErrorKind Http2ServerStream::overdue(TimePoint now) const {
  const Deadlines& limits = exchange_.deadlines;
  if (!response_ended_ && now >= limits.request) return limits.request_reason();
  const bool headers = awaits_head() && now >= since_ + limits.response_headers;
  return headers ? ErrorKind::timeout_response_headers : ErrorKind::timeout_stream_idle;
}

void Http2ServerStream::arm() { session().loop().arm(*this, due()); }

void Http2ServerStream::expired(TimePoint now) {
  if (due() > now) return arm();
  if (!begun_) {  // No other frame may come until the head is whole.
    server_.context_.owner.refused(exchange_, ErrorKind::timeout_request_headers);
    error_.kind = ErrorKind::timeout_request_headers;
    return server_.session_.close(NGHTTP2_NO_ERROR);
  }
  const Error error{.kind = overdue(now)};
  since_ = now;
  error_ = {};
  fail(error);
  arm();
  server_.stalled();  // The last: this stream may be gone.
}

}  // namespace skiff
