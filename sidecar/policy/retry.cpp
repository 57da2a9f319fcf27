#include "sidecar/policy/retry.h"

namespace skiff {
namespace {

class RetryReply final : public PassingReply {
 public:
  RetryReply(Reply& outer, Forwarder& inner, std::uint32_t retries)
      : PassingReply(outer), inner_(inner), left_(retries) {}

  void failed(Exchange& exchange, const Error& error) override {
    if (left_ == 0 || !may_retry(exchange, error)) return PassingReply::failed(exchange, error);
    --left_;
    inner_.forward(exchange, *this);
  }

 private:
  Forwarder& inner_;
  std::uint32_t left_;
};

}  // namespace

bool may_retry(const Exchange& exchange, const Error& error) {
  if (!exchange.replay.complete) return false;
  if (error.kind == ErrorKind::pool_full || error.kind == ErrorKind::pool_timeout) return false;
  if (error.unprocessed) return true;
  return error.kind == ErrorKind::upstream_reset && error.reused &&
         is_idempotent(exchange.request.method);
}

void Retry::forward(Exchange& exchange, Reply& reply) {
  inner_.forward(exchange, *exchange.arena.make<RetryReply>(reply, inner_, config_.attempts));
}

}  // namespace skiff
