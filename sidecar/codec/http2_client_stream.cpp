#include "sidecar/codec/http2_client_stream.h"

#include <new>

namespace skiff {
namespace {

constexpr std::uint8_t most_interim_answers = 16;

}  // namespace

Http2ClientStream& Http2ClientStream::make(Http2Session& session, Owner& owner, Exchange& exchange,
                                           Reply& reply, bool others_before) {
  char* const at = exchange.arena.allocate(sizeof(Http2ClientStream), alignof(Http2ClientStream));
  return *new (at) Http2ClientStream(session, owner, exchange, reply, others_before);
}

Http2ClientStream::Http2ClientStream(Http2Session& session, Owner& owner, Exchange& exchange,
                                     Reply& reply, bool others_before)
    : Http2Stream(session, exchange.arena),
      owner_(owner),
      exchange_(exchange),
      reply_(reply),
      hook_(*exchange.arena.make<Hook>()),
      began_(session.loop().now()),
      others_before_(others_before) {
  hook_.stream = this;
  exchange.at_end(hook_);
  exchange.pending = this;
  exchange.backend_source = this;
}

Http2ClientStream::~Http2ClientStream() {
  hook_.stream = nullptr;
  if (gone_ != nullptr) *gone_ = true;
}

// ---- The request

void Http2ClientStream::send() {
  const Request& request = exchange_.request;
  exchange_.backend_sink = this;
  const HopFields hop = hop_fields_of(exchange_, session().loop().now());
  send_head(http2_request_fields(request, exchange_.arena, hop));
  if (has_body(request)) {
    exchange_.client_source->resume();  // Head and body go together.
  } else if (request.upgrade.empty() && request.method != Method::connect) {
    send_end({});
  }
}

void Http2ClientStream::drained() { exchange_.client_source->resume(); }

// ---- The answer

void Http2ClientStream::head(bool ended) {
  Response response;
  if (!read_http2_response(block(), ended, exchange_.request, exchange_.arena, response)) {
    return malformed("bad head");
  }
  if (response.status < 200 && response.status != 101) {
    if (++interim_ > most_interim_answers) return malformed("too many interim answers");
    return reply_.informational(exchange_, response);
  }
  head_done();
  answered_ = true;
  ended_ = ended;
  reply_.answered(exchange_, response);
}

void Http2ClientStream::body(std::string_view bytes) { exchange_.client_sink->data(bytes); }

void Http2ClientStream::body_end(const Headers& trailers) {
  ended_ = true;
  trailers_ = trailers;
}

void Http2ClientStream::settle() {
  if (ended_) return whole();
  if (!answered_) return;
  bool gone = false;
  gone_ = &gone;
  const bool more = exchange_.client_sink->flush();
  if (gone) return;
  gone_ = nullptr;
  if (more) taken(untaken());
}

// ---- Ends

// What is left of the request is not wanted any more.
void Http2ClientStream::whole() {
  if (!end_sent()) reset(NGHTTP2_CANCEL);
  const Headers trailers = trailers_;
  BodySink& client = *detach().client_sink;
  client.end(trailers);
  client.flush();
}

void Http2ClientStream::malformed(std::string_view detail) {
  reset(NGHTTP2_PROTOCOL_ERROR);
  finish({.kind = ErrorKind::bad_response, .detail = detail});
}

void Http2ClientStream::closed(const Http2End& end) {
  if (ended_) return whole();
  finish(error_of(end));
}

Error Http2ClientStream::error_of(const Http2End& end) {
  if (!end.lost && !end.by_peer && !end.unprocessed) {
    return {.kind = ErrorKind::bad_response, .detail = "the stream breaks the rules of HTTP/2"};
  }
  const bool silent = !answered_ && interim_ == 0;
  return {.kind = ErrorKind::upstream_reset,
          .unprocessed = end.unprocessed && silent,
          .reused = end.lost && others_before_ && session().last_read() < began_};
}

void Http2ClientStream::give_up(const Error& error) {
  reset(NGHTTP2_CANCEL);
  finish(error);
}

void Http2ClientStream::finish(const Error& error) {
  const bool answered = answered_;
  Reply& reply = reply_;
  Exchange& exchange = detach();
  if (answered) {
    exchange.client_sink->abort(error);
  } else {
    reply.failed(exchange, error);
  }
}

// The connection goes back first, so that the client's next request finds room on it.
Exchange& Http2ClientStream::detach() {
  Exchange& exchange = exchange_;
  Owner& owner = owner_;
  exchange.pending = nullptr;
  exchange.backend_sink = nullptr;
  exchange.backend_source = nullptr;
  leave();
  owner.ended(*this);
  this->~Http2ClientStream();
  return exchange;
}

void Http2ClientStream::Hook::ended(Exchange&, const Error&) {
  if (stream == nullptr) return;
  stream->reset(NGHTTP2_CANCEL);
  stream->detach();
}

}  // namespace skiff
