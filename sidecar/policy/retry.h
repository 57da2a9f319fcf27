#pragma once

#include "config/schema/traffic_policy.h"
#include "sidecar/http/forwarder.h"

namespace skiff {

// Sends a request again that is provably unprocessed, or, where doing it twice does no harm, one
// whose reused connection broke before a byte of the answer.
//
// Needs a request whose body is still at hand (Exchange::replay). Another endpoint is preferred.
// Source: RFC 9110, 9.2.2 (idempotent methods); RFC 9112, 9.3.1 (a closing that crosses a request).
class Retry final : public Forwarder {
 public:
  Retry(const RetryConfig& config, Forwarder& inner) : config_(config), inner_(inner) {}

  void configure(const RetryConfig& config) { config_ = config; }

  void forward(Exchange& exchange, Reply& reply) override;

 private:
  RetryConfig config_;
  Forwarder& inner_;
};

// Whether `error` allows `exchange` another try.
bool may_retry(const Exchange& exchange, const Error& error);

}  // namespace skiff
