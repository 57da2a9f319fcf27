#include "sidecar/app/guard.h"

#include <utility>

namespace skiff {

Guard::Guard(const Context& context, Forwarder& inner) : context_(context), inner_(inner) {}

Guard::~Guard() = default;

void Guard::forward(Exchange& exchange, Reply& reply) {
  const Generation& current = *context_.generations.current();
  if (current.number != generation_) take(current);
  authorize_ == nullptr ? inner_.forward(exchange, reply) : authorize_->forward(exchange, reply);
}

void Guard::take(const Generation& generation) {
  generation_ = generation.number;
  cells_.clear();
  authorize_.reset();
  if (generation.authorizer == nullptr) return;
  const InboundPort* const port = generation.plan->inbound.find(context_.service_port);
  AuthorizationCounts& counts = *this;
  cells_.resize(generation.authorizer->reasons().size());
  authorize_ = std::make_unique<Authorize>(
      generation.authorizer, port == nullptr ? context_.service_port : port->port, counts, inner_);
}

void Guard::count(const Authorizer&, const AuthorizationDecision& decision,
                  AuthorizationPolicy::Mode mode) {
  if (decision.reason == nullptr) return;
  const bool shadow = mode == AuthorizationPolicy::Mode::shadow;
  LabelledCounters::Cell*& cell =
      cells_.at(decision.reason->index)[(decision.allowed ? 1 : 0) + (shadow ? 2 : 0)];
  if (cell == nullptr) {
    cell = &context_.verdicts.at({decision.reason->policy, decision.reason->rule,
                                  decision.allowed ? "allowed" : "denied",
                                  shadow ? "shadow" : "enforce"});
  }
  cell->fetch_add(1, std::memory_order_relaxed);
}

}  // namespace skiff
