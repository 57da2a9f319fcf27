#include "sidecar/codec/http1_server.h"

#include <algorithm>
#include <utility>

namespace skiff {
namespace {

bool is_large(const Http1Body& body) { return body.remaining() > Loop::read_size; }

}  // namespace

Http1Server::Http1Server(const ServerContext& context, TransportPtr transport, Peer peer)
    : context_(context), transport_(std::move(transport)), peer_(std::move(peer)) {
  transport_->set_user(*this);
  since_ = context_.loop.now();
  arm();
  transport_->wait_readable();
}

Http1Server::~Http1Server() {
  if (exchange_ != nullptr) over({.kind = ErrorKind::draining});
  context_.loop.undefer(*this);
}

// ---- Reading

void Http1Server::readable() {
  context_.loop.refresh_now();
  if (state_ == State::lingering) return linger();
  if (exchange_ != nullptr && !wants_body()) return read_ahead();
  read();
}

bool Http1Server::wants_body() const {
  return exchange_ != nullptr && !exchange_->request_ended && !paused_ &&
         exchange_->backend_sink != nullptr && stream_->fed_attempt == exchange_->marks.attempts;
}

void Http1Server::read() {
  unread_ = false;
  while (state_ == State::open) {
    char* const buffer = context_.loop.read_buffer();
    const std::size_t held = input_.size();
    std::copy_n(input_.view().data(), held, buffer);
    const bool bulk = held > 0 || (stream_ != nullptr && is_large(stream_->body));
    const std::size_t room = (bulk ? Loop::bulk_read_size : Loop::read_size) - held;
    const IoResult got = transport_->receive(buffer + held, room);
    if (got.kind == IoResult::Kind::again) return transport_->wait_readable();
    if (got.kind == IoResult::Kind::error) return lost();
    if (got.kind == IoResult::Kind::end) return client_ended();

    input_.clear();
    consume(buffer, held + got.size);
    if (state_ != State::open) return;
    // A short read has emptied the socket; but an end may have come with it, which only another
    // read shows. It is worth one only where more is to come.
    const bool between = exchange_ == nullptr ? input_.empty() : exchange_->request_ended;
    if (got.size < room && between) return transport_->wait_readable();
    const bool wanted = exchange_ == nullptr ? writer_.empty() : wants_body();
    if (!wanted) {  // resume(), writable() or finish() goes on.
      unread_ = true;
      // Who leaves while there is no backend yet must be noticed.
      if (exchange_ != nullptr && exchange_->backend_sink == nullptr) transport_->wait_readable();
      return;
    }
  }
}

void Http1Server::read_ahead() {
  if (!exchange_->request_ended) unread_ = true;
  if (!exchange_->request_ended && exchange_->backend_sink != nullptr) return;
  // Bytes of later requests wait here, or the body for a backend; no more than a head of them.
  if (input_.size() >= context_.settings.limits.header_bytes) return;
  char* const buffer = context_.loop.read_buffer();
  const IoResult got = transport_->receive(buffer, context_.settings.limits.header_bytes);
  if (got.kind == IoResult::Kind::error) return lost();
  if (got.kind == IoResult::Kind::end) note_end();
  if (got.kind == IoResult::Kind::done) input_.append({buffer, got.size});
  transport_->wait_readable();
}

void Http1Server::consume(char* at, std::size_t size) {
  consuming_ = true;
  while (size > 0 && state_ == State::open) {
    const std::size_t used = exchange_ != nullptr ? feed(at, size) : begin(at, size);
    if (used == 0) break;
    at += used;
    size -= used;
  }
  consuming_ = false;
  if (size > 0 && state_ == State::open) input_.append({at, size});
  if (exchange_ == nullptr && state_ == State::open) arm();
}

// ---- Requests

std::size_t Http1Server::begin(char* at, std::size_t size) {
  if (!writer_.empty()) return 0;
  if (!may_hold_line_end(at, size)) return 0;

  Exchange& exchange = context_.exchanges.take();
  const Http1Head head =
      parse_request({at, size}, context_.settings.limits, exchange.arena, exchange.request);
  if (head.status == Http1Head::Status::more) {
    exchange.finish({});
    context_.exchanges.give_back(exchange);
    if (!head_begun_) since_ = context_.loop.now();
    head_begun_ = true;
    scanned_ = static_cast<std::uint32_t>(size);
    return 0;
  }
  head_begun_ = false;
  scanned_ = 0;
  exchange_ = &exchange;
  if (head.status == Http1Head::Status::bad) {
    prepare({.keep_alive = false});
    refuse(head.error);
    return size;
  }
  prepare(head);
  start();
  return head.size;
}

// A head that trickles in is parsed once a line, not once a byte. (A CR alone ends no line, but the
// parser refuses it at once.)
bool Http1Server::may_hold_line_end(const char* at, std::size_t size) const {
  // An empty line alone is not yet a head; the parser passes over one (RFC 9112, 2.2).
  if (std::string_view("\r\n").starts_with({at, size})) return false;
  if (scanned_ == 0 || size > context_.settings.limits.line_bytes) return true;
  const std::size_t from = std::min<std::size_t>(scanned_ - 1, size);  // It may have been a CR.
  return std::any_of(at + from, at + size, [](char c) { return c == '\n' || c == '\r'; });
}

void Http1Server::prepare(const Http1Head& head) {
  Exchange& exchange = *exchange_;
  ++requests_;
  const std::uint32_t most = context_.settings.requests_per_connection;
  keep_alive_ = head.keep_alive && !draining_ && (most == 0 || requests_ < most);
  paused_ = looked_ = false;
  since_ = exchange.started = context_.loop.now();
  exchange.client_address = peer_.address;
  exchange.destination = peer_.destination();
  exchange.client_identity = transport_->peer_identity();
  exchange.client_sink = this;
  exchange.client_source = this;
  exchange.deadlines.stream_idle = context_.settings.stream_idle;
  exchange.request_ended = !has_body(exchange.request);
  stream_ = exchange.arena.make<Stream>();
  stream_->body.start(exchange.request.body, exchange.request.content_length);
}

void Http1Server::start() {
  Exchange& exchange = *exchange_;
  if (context_.settings.body_bytes != 0 && exchange.request.body == BodyKind::length &&
      exchange.request.content_length > context_.settings.body_bytes) {
    return refuse(ErrorKind::bad_request_body_too_large);
  }
  context_.entry.forward(exchange, *this);
  if (exchange_ == &exchange) arm();
}

void Http1Server::refuse(ErrorKind kind) {
  context_.owner.refused(*exchange_, kind);
  keep_alive_ = false;
  exchange_->request_ended = false;  // Whatever follows is not understood any more.
  failed(*exchange_, {.kind = kind});
}

std::size_t Http1Server::feed(char* at, std::size_t size) {
  if (exchange_->request_ended || exchange_->backend_sink == nullptr || paused_) return 0;
  Exchange& exchange = *exchange_;
  replay();
  std::size_t used = 0;
  while (used < size && !exchange.request_ended) {
    const Http1Body::Piece piece = stream_->body.next(at + used, size - used, exchange.arena);
    used += piece.consumed;
    const ErrorKind error = piece.error != ErrorKind::none ? piece.error : take(piece.data);
    if (error != ErrorKind::none) {
      fail({.kind = error});
      return size;
    }
    if (piece.ended) {
      exchange.request_ended = true;
      exchange.backend_sink->end(stream_->body.trailers());
    } else if (piece.consumed == 0) {
      break;
    }
  }
  flush_to_backend();
  return used;
}

ErrorKind Http1Server::take(std::string_view data) {
  Exchange& exchange = *exchange_;
  if (data.empty()) return ErrorKind::none;
  since_ = context_.loop.now();
  exchange.marks.request_bytes += data.size();
  const std::uint64_t most = context_.settings.body_bytes;
  if (most != 0 && exchange.marks.request_bytes > most)
    return ErrorKind::bad_request_body_too_large;
  if (!stream_->answered) exchange.keep_for_replay(data);
  exchange.backend_sink->data(data);
  return ErrorKind::none;
}

// Gives another attempt what the ones before it got.
void Http1Server::replay() {
  Exchange& exchange = *exchange_;
  if (stream_->fed_attempt == exchange.marks.attempts) return;
  stream_->fed_attempt = exchange.marks.attempts;
  for (const Replay::Chunk* chunk = exchange.replay.first; chunk != nullptr; chunk = chunk->next) {
    exchange.backend_sink->data(chunk->bytes);
  }
  if (exchange.request_ended) exchange.backend_sink->end(stream_->body.trailers());
}

void Http1Server::flush_to_backend() {
  Exchange* const exchange = exchange_;
  const bool more = exchange->backend_sink->flush();
  if (exchange_ == exchange) paused_ = !more;
}

void Http1Server::resume() {
  paused_ = false;
  context_.loop.defer(*this);
}

void Http1Server::run_deferred() {
  settle();  // The backend may have taken the last of a tunnel.
  if (state_ != State::open) return;
  const bool fresh_attempt = exchange_ != nullptr && exchange_->backend_sink != nullptr &&
                             has_body(exchange_->request) &&
                             stream_->fed_attempt != exchange_->marks.attempts;
  if (fresh_attempt) {
    replay();
    flush_to_backend();
  }
  if (!goes_on()) return;
  if (!input_.empty()) {
    char* const buffer = context_.loop.read_buffer();
    const std::size_t size = input_.size();
    std::copy_n(input_.view().data(), size, buffer);
    input_.clear();
    consume(buffer, size);
    if (!goes_on()) return;
  }
  if (half_closed_) return exchange_ != nullptr ? client_ended() : close();
  if (unread_) read();
}

bool Http1Server::goes_on() const {
  return state_ == State::open && (exchange_ == nullptr ? writer_.empty() : wants_body());
}

void Http1Server::note_end() {
  half_closed_ = true;
  ended_at_ = context_.loop.now();
  if (exchange_ != nullptr) arm();
}

void Http1Server::client_ended() {
  note_end();
  if (exchange_ == nullptr) return close();
  if (exchange_->request_ended) return transport_->wait_readable();
  if (!is_tunnel(exchange_->request)) return lost();
  exchange_->request_ended = true;
  exchange_->backend_sink->end(stream_->body.trailers());
  exchange_->backend_sink->flush();
  settle();
}

std::unique_ptr<ServerConnection> make_http1_server(const ServerContext& context,
                                                    TransportPtr transport, Peer peer) {
  return std::make_unique<Http1Server>(context, std::move(transport), std::move(peer));
}

}  // namespace skiff
