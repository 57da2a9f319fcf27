#pragma once

#include <cstdint>

#include "sidecar/http/forwarder.h"

namespace skiff {

// Sends a request again that is provably unprocessed, or, where doing it twice does no harm, one
// whose reused connection broke before a byte of the answer.
//
// Needs a request whose body is still at hand (Exchange::replay). Another endpoint is preferred.
// Source: RFC 9110, 9.2.2 (idempotent methods); RFC 9112, 9.3.1 (a closing that crosses a request).
class Retry final : public Forwarder {
 public:
  static constexpr std::uint16_t most_attempts = 3;

  explicit Retry(Forwarder& inner) : inner_(inner) {}

  void forward(Exchange& exchange, Reply& reply) override;

 private:
  Forwarder& inner_;
};

// Whether `error` allows another try of `exchange`, which has had `tries` of them.
bool may_retry(const Exchange& exchange, const Error& error, std::uint16_t tries);

}  // namespace skiff
