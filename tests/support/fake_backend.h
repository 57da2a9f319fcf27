#pragma once

#include <string>
#include <string_view>

#include "sidecar/http/forwarder.h"

namespace skiff {

// A last stage that a test holds: it keeps the request, takes its body, and answers when told.
class FakeBackend final : public Forwarder, public BodySink, public BodySource, public Pending {
 public:
  void forward(Exchange& exchange, Reply& reply) override {
    ++requests;
    exchange_ = &exchange;
    reply_ = &reply;
    method = exchange.request.method_name;
    target = exchange.request.target;
    authority = exchange.request.authority;
    body.clear();
    body_ended = false;
    ++exchange.marks.attempts;
    exchange.pending = this;
    if (request_limit > Duration::zero()) {
      exchange.deadlines.request = exchange.started + request_limit;
    }
    if (!ready) return;
    take_body();
  }

  // As a connection that was established only now.
  void take_body() {
    exchange_->backend_sink = this;
    exchange_->backend_source = this;
    exchange_->client_source->resume();
  }

  void interim(std::uint16_t status) {
    Response response;
    response.status = status;
    reply_->informational(*exchange_, response);
  }

  // A whole answer of known length.
  void answers(std::uint16_t status, std::string_view text) {
    begin_answer(status, BodyKind::length, text.size());
    gives(text);
    ends();
  }

  void begin_answer(std::uint16_t status, BodyKind kind, std::uint64_t length = 0) {
    Response response;
    response.status = status;
    response.reason_phrase = "Fine";
    response.body = kind;
    response.has_length = kind == BodyKind::length;
    response.content_length = length;
    if (kind == BodyKind::tunnel) response.upgrade = "websocket";
    answered_ = true;
    reply_->answered(*exchange_, response);
  }

  // False: the client wants no more for now.
  bool gives(std::string_view text) {
    exchange_->client_sink->data(text);
    return exchange_->client_sink->flush();
  }

  void ends(const Headers& trailers = {}) {
    BodySink& client = *exchange_->client_sink;
    leave();
    client.end(trailers);
    client.flush();
  }

  void breaks(const Error& error) { fail(*exchange_, error); }

  // Without a word.
  void leave() {
    exchange_->pending = nullptr;
    exchange_->backend_sink = nullptr;
    exchange_->backend_source = nullptr;
    exchange_ = nullptr;
    answered_ = false;
  }

  bool has_exchange() const { return exchange_ != nullptr; }
  Exchange& exchange() { return *exchange_; }

  int requests = 0;
  Duration request_limit{};
  bool ready = true;  // Takes the body at once.
  bool takes_more = true;
  std::string method;
  std::string target;
  std::string authority;
  std::string body;
  bool body_ended = false;
  int resumed = 0;
  ErrorKind failed_with = ErrorKind::none;

 private:
  void data(std::string_view bytes) override { body += bytes; }
  void end(const Headers&) override { body_ended = true; }
  void abort(const Error&) override {}
  bool flush() override { return takes_more; }
  void resume() override { ++resumed; }

  void fail(Exchange& exchange, const Error& error) override {
    failed_with = error.kind;
    Reply& reply = *reply_;
    const bool answered = answered_;
    leave();
    if (answered) {
      exchange.client_sink->abort(error);
    } else {
      reply.failed(exchange, error);
    }
  }

  Exchange* exchange_ = nullptr;
  Reply* reply_ = nullptr;
  bool answered_ = false;
};

}  // namespace skiff
