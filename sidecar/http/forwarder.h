#pragma once

#include "sidecar/http/error.h"
#include "sidecar/http/exchange.h"
#include "sidecar/http/message.h"

namespace skiff {

// Where an exchange's answer goes: exactly one of answered() and failed(), any number of
// informational() before it. The body follows, after answered(), straight to exchange.client_sink.
class Reply {
 public:
  virtual void informational(Exchange& exchange, Response& response) = 0;  // 1xx, but not 101.
  virtual void answered(Exchange& exchange, Response& response) = 0;
  virtual void failed(Exchange& exchange, const Error& error) = 0;

 protected:
  ~Reply() = default;
};

// The one interface that carries the data path: a request in, an answer or an error out.
// Every stage and every policy is one, and wraps one.
class Forwarder {
 public:
  virtual ~Forwarder() = default;

  // Sends exchange.request on. `reply` is told the outcome, within this call or later; it outlives
  // the exchange or lies in its arena.
  virtual void forward(Exchange& exchange, Reply& reply) = 0;
};

// Answers by ourselves, with a head alone.
inline void answer_without_body(Exchange& exchange, Reply& reply, Response& response) {
  response.has_length = true;
  reply.answered(exchange, response);
  BodySink& client = *exchange.client_sink;  // Of a stage in front that keeps this answer back.
  client.end({});
  client.flush();
}

// A Reply that passes everything on; stages override what they want to see. Lies in the arena.
class PassingReply : public Reply {
 public:
  explicit PassingReply(Reply& outer) : outer_(outer) {}
  void informational(Exchange& exchange, Response& response) override {
    outer_.informational(exchange, response);
  }
  void answered(Exchange& exchange, Response& response) override {
    outer_.answered(exchange, response);
  }
  void failed(Exchange& exchange, const Error& error) override { outer_.failed(exchange, error); }

 protected:
  ~PassingReply() = default;

  Reply& outer_;
};

}  // namespace skiff
