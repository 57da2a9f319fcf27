#pragma once

#include "sidecar/http/forwarder.h"

namespace skiff {

// CONNECT (RFC 9110, 9.3.6). Where applications use a listener as their proxy it asks for bytes to
// and from the service that its authority names; elsewhere nobody is meant to ask for it, and a
// backend that agreed would be out of reach of every policy.
class Connect final : public Forwarder {
 public:
  enum class Answer : bool { refuse, tunnel };

  Connect(Answer answer, Forwarder& inner) : answer_(answer), inner_(inner) {}

  void forward(Exchange& exchange, Reply& reply) override {
    if (exchange.request.method == Method::connect) {
      if (answer_ == Answer::refuse) {
        return reply.failed(exchange, {.kind = ErrorKind::bad_request_connect});
      }
      exchange.request.version = Version::bytes;
    }
    inner_.forward(exchange, reply);
  }

 private:
  const Answer answer_;
  Forwarder& inner_;
};

}  // namespace skiff
