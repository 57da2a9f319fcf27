#include "sidecar/app/guard.h"

#include <utility>

namespace skiff {

Guard::Guard(const Context& context, Forwarder& inner)
    : context_(context), inner_(inner), first_(&inner) {}

Guard::~Guard() = default;

void Guard::forward(Exchange& exchange, Reply& reply) {
  const Generation& current = *context_.generations.current();
  if (current.number != generation_) take(current);
  first_->forward(exchange, reply);
}

void Guard::take(const Generation& generation) {
  generation_ = generation.number;
  cells_.clear();
  const auto& authorizer = generation.authorizer;
  const InboundPlan& inbound = generation.plan->inbound;
  const InboundPort* const port = inbound.find(context_.service_port);
  const auto ask = [&](Forwarder& next, Authorize::Tokens tokens) {
    AuthorizationCounts& counts = *this;
    return std::make_unique<Authorize>(
        authorizer, port == nullptr ? context_.service_port : port->port, counts, next, tokens);
  };
  const bool has_tokens = inbound.jwt != no_policy;
  const bool has_claims = authorizer != nullptr && authorizer->has_claims() && has_tokens;

  first_ = &inner_;
  by_claims_ = has_claims ? ask(*first_, Authorize::Tokens::verified) : nullptr;
  if (by_claims_ != nullptr) first_ = by_claims_.get();
  tokens_ = has_tokens ? std::make_unique<TokenGate>(context_.generations, *first_) : nullptr;
  if (tokens_ != nullptr) first_ = tokens_.get();
  authorize_.reset();
  if (authorizer == nullptr) return;
  cells_.resize(authorizer->reasons().size());
  authorize_ = ask(*first_, has_claims ? Authorize::Tokens::later : Authorize::Tokens::none);
  first_ = authorize_.get();
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
