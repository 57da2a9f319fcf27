#pragma once

#include "sidecar/http/forwarder.h"

namespace skiff {

// A sidecar whose application cannot be reached answers for it, and the caller's sidecar must know
// that nobody has begun to act on the request: `x-skiff-unprocessed: 1`, from sidecar to sidecar
// only. Like REFUSED_STREAM of HTTP/2 (RFC 9113, 8.7), but with a reason.

// Beside an application: says it in our own answers.
class TellUnprocessed final : public Forwarder {
 public:
  explicit TellUnprocessed(Forwarder& inner) : inner_(inner) {}

  void forward(Exchange& exchange, Reply& reply) override;

 private:
  class Teller;

  Forwarder& inner_;
};

// Whether a sidecar's answer says so, which is for nobody else. An application's may say it too,
// copied from an answer that it got itself; that must not be believed.
bool take_unprocessed(Response& response);

}  // namespace skiff
