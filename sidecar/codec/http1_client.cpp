#include "sidecar/codec/http1_client.h"

#include <algorithm>
#include <utility>

#include "sidecar/codec/http1_encoder.h"

namespace skiff {
namespace {

constexpr std::uint8_t most_interim_answers = 16;

}  // namespace

Http1Client::Http1Client(Loop& loop, TransportPtr transport, const Http1Limits& limits,
                         ConnectionOwner& owner)
    : loop_(loop), transport_(std::move(transport)), limits_(limits), owner_(owner) {
  transport_->set_user(*this);
  transport_->wait_readable();
}

Http1Client::~Http1Client() { loop_.undefer(*this); }

// ---- The request

void Http1Client::start(Exchange& exchange, Reply& reply) {
  exchange_ = &exchange;
  reply_ = &reply;
  exchange.pending = this;
  exchange.backend_sink = this;
  exchange.backend_source = this;
  ++exchange.marks.attempts;
  ++exchanges;
  sent_before_ = writer_.sent();
  heard_ = answered_ = keep_alive_ = paused_ = tunnel_ = until_close_ = false;
  interim_ = 0;
  const Request& request = exchange.request;
  request_ended_ = !has_body(request);
  writer_.begin(exchange.arena,
                encode_request_head(request, exchange.arena, hop_fields_of(exchange, loop_.now())),
                request.body == BodyKind::chunked);
  if (request_ended_) {
    flush();
  } else {
    exchange.client_source->resume();  // Head and body go together.
  }
}

void Http1Client::data(std::string_view bytes) { writer_.data(bytes); }

void Http1Client::end(const Headers& trailers) {
  request_ended_ = true;
  if (!tunnel_) writer_.end(trailers);
}

void Http1Client::abort(const Error& error) {
  if (exchange_ != nullptr) fail(*exchange_, error);
}

bool Http1Client::flush() {
  const Http1Writer::Flushed flushed = writer_.flush(*transport_);
  if (flushed == Http1Writer::Flushed::broken) {
    lost();
    return false;
  }
  if (flushed == Http1Writer::Flushed::some) {
    transport_->wait_writable();
    return false;
  }
  if (tunnel_ && request_ended_) transport_->end_sending();
  return true;
}

void Http1Client::writable() {
  loop_.refresh_now();
  if (exchange_ == nullptr) return;
  Exchange& exchange = *exchange_;
  if (flush() && !request_ended_) exchange.client_source->resume();
}

// ---- The answer

void Http1Client::readable() {
  loop_.refresh_now();
  if (exchange_ == nullptr) {  // Its end, or bytes that nobody asked for; or nothing at all.
    if (still_open()) transport_->wait_readable();
    return;
  }
  if (paused_) {
    unread_ = true;
    return;
  }
  read();
}

void Http1Client::read() {
  unread_ = false;
  for (;;) {
    char* const buffer = loop_.read_buffer();
    const std::size_t held = input_.size();
    std::copy_n(input_.view().data(), held, buffer);
    const bool bulk = held > 0 || (answered_ && body_.remaining() > Loop::read_size);
    const std::size_t room = (bulk ? Loop::bulk_read_size : Loop::read_size) - held;
    const IoResult got = transport_->receive(buffer + held, room);
    if (got.kind == IoResult::Kind::again) return transport_->wait_readable();
    if (got.kind == IoResult::Kind::end) return backend_ended();
    if (got.kind == IoResult::Kind::error) return lost();

    heard_ = true;
    input_.clear();
    const std::size_t size = held + got.size;
    const std::size_t used = take(buffer, size);
    if (transport_ == nullptr) return;
    if (exchange_ == nullptr) {  // Idle again; a full read may have left something behind.
      if (got.size < room || still_open()) transport_->wait_readable();
      return;
    }
    if (used < size) input_.append({buffer + used, size - used});
    if (paused_) {
      unread_ = true;
      return;
    }
  }
}

// Returns how much is used up. The exchange may be over, and this connection gone, afterwards.
std::size_t Http1Client::take(char* at, std::size_t size) {
  std::size_t used = 0;
  while (used < size && exchange_ != nullptr && !paused_) {
    const std::size_t step =
        answered_ ? take_body(at + used, size - used) : take_head(at + used, size - used);
    if (step == 0) break;
    used += step;
  }
  if (transport_ != nullptr && exchange_ == nullptr && used < size)
    close();  // Bytes nobody asked for.
  return used;
}

std::size_t Http1Client::take_head(char* at, std::size_t size) {
  Exchange& exchange = *exchange_;
  Response response;
  const Http1Head head =
      parse_response({at, size}, limits_, exchange.request, exchange.arena, response);
  if (head.status == Http1Head::Status::more) return 0;
  if (head.status == Http1Head::Status::bad) {
    broken({.kind = head.error});
    return size;
  }
  if (response.status < 200 && response.status != 101) {
    if (++interim_ > most_interim_answers) {
      broken({.kind = ErrorKind::bad_response, .detail = "too many interim answers"});
      return size;
    }
    reply_->informational(exchange, response);
    return head.size;
  }
  answer(response, head.keep_alive);
  // An answer without a body ends here; so does one whose body is in these bytes.
  if (exchange_ == nullptr) return head.size;
  return head.size + take_body(at + head.size, size - head.size);
}

void Http1Client::answer(Response& response, bool keep_alive) {
  Exchange& exchange = *exchange_;
  answered_ = true;
  keep_alive_ = keep_alive && response.body != BodyKind::close;
  tunnel_ = response.body == BodyKind::tunnel;
  until_close_ = tunnel_ || response.body == BodyKind::close;
  if (tunnel_) {
    request_ended_ = false;
    keep_alive_ = false;
  }
  body_.start(response.body, response.content_length);
  reply_->answered(exchange, response);
}

std::size_t Http1Client::take_body(char* at, std::size_t size) {
  BodySink& client = *exchange_->client_sink;
  std::size_t used = 0;
  for (;;) {
    const Http1Body::Piece piece = body_.next(at + used, size - used, exchange_->arena);
    used += piece.consumed;
    if (piece.error != ErrorKind::none) {
      client.flush();
      if (exchange_ != nullptr) broken({.kind = ErrorKind::bad_response, .detail = "bad chunk"});
      return size;
    }
    if (!piece.data.empty()) client.data(piece.data);
    if (piece.ended) {
      whole();
      return used;
    }
    if (piece.consumed == 0) break;
  }
  const bool more = client.flush();
  paused_ = exchange_ != nullptr && !more;
  return used;
}

void Http1Client::resume() {
  if (!std::exchange(paused_, false)) return;
  loop_.defer(*this);
}

void Http1Client::run_deferred() {
  if (exchange_ == nullptr || paused_) return;
  if (!input_.empty()) {
    char* const buffer = loop_.read_buffer();
    const std::size_t size = input_.size();
    std::copy_n(input_.view().data(), size, buffer);
    input_.clear();
    const std::size_t used = take(buffer, size);
    if (transport_ == nullptr) return;
    if (exchange_ != nullptr && used < size) input_.append({buffer + used, size - used});
    if (exchange_ == nullptr) return transport_->wait_readable();
    if (paused_) return;
  }
  read();
}

// ---- Ends

// The answer is whole. The connection goes back first, so that the client's next request finds it.
void Http1Client::whole() {
  const bool reusable = keep_alive_ && request_ended_ && writer_.empty();
  BodySink& client = *exchange_->client_sink;
  detach();
  if (reusable) {
    idle_since = loop_.now();
    owner_.idle(*this);
  } else {
    close();
  }
  client.end(body_.trailers());
  client.flush();
}

void Http1Client::backend_ended() {
  if (answered_ && until_close_) {
    return whole();
  }
  if (heard_) return broken({.kind = ErrorKind::upstream_reset, .detail = "closed in an answer"});
  // It closed before it could read: an idle connection's end that crossed the request (RFC 9112,
  // 9.3.1), or proof of nothing.
  broken({.kind = ErrorKind::upstream_reset,
          .unprocessed = !transport_->acknowledged_beyond(sent_before_),
          .reused = exchanges > 1});
}

void Http1Client::lost() {
  if (exchange_ == nullptr) return close();
  broken({.kind = ErrorKind::upstream_reset,
          .unprocessed = writer_.sent() == sent_before_,
          .reused = exchanges > 1 && !heard_});
}

void Http1Client::broken(const Error& error) { fail(*exchange_, error); }

void Http1Client::fail(Exchange&, const Error& error) {
  const bool answered = answered_;
  Reply& reply = *reply_;
  Exchange& exchange = detach();
  close();
  if (answered) {
    exchange.client_sink->abort(error);
  } else {
    reply.failed(exchange, error);
  }
}

Exchange& Http1Client::detach() {
  Exchange& exchange = *std::exchange(exchange_, nullptr);
  reply_ = nullptr;
  writer_.forget();
  exchange.pending = nullptr;
  exchange.backend_sink = nullptr;
  exchange.backend_source = nullptr;
  return exchange;
}

void Http1Client::close() {
  if (transport_ == nullptr) return;
  transport_.reset();
  loop_.undefer(*this);
  owner_.gone(*this);
}

bool Http1Client::still_open() {
  char byte;
  const IoResult got = transport_->receive(&byte, 1);
  if (got.kind == IoResult::Kind::again) return true;
  close();
  return false;
}

}  // namespace skiff
