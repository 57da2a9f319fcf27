#include "sidecar/policy/retry.h"

namespace skiff {
namespace {

class RetryReply final : public PassingReply {
 public:
  RetryReply(Reply& outer, Forwarder& inner) : PassingReply(outer), inner_(inner) {}

  void failed(Exchange& exchange, const Error& error) override {
    if (!may_retry(exchange, error, ++tries_)) return PassingReply::failed(exchange, error);
    inner_.forward(exchange, *this);
  }

 private:
  Forwarder& inner_;
  std::uint16_t tries_ = 0;
};

}  // namespace

bool may_retry(const Exchange& exchange, const Error& error, std::uint16_t tries) {
  if (tries >= Retry::most_attempts || !exchange.replay.complete) return false;
  if (error.kind == ErrorKind::pool_full || error.kind == ErrorKind::pool_timeout) return false;
  if (error.unprocessed) return true;
  return error.kind == ErrorKind::upstream_reset && error.reused &&
         is_idempotent(exchange.request.method);
}

void Retry::forward(Exchange& exchange, Reply& reply) {
  inner_.forward(exchange, *exchange.arena.make<RetryReply>(reply, inner_));
}

}  // namespace skiff
