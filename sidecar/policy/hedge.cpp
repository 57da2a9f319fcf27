#include "sidecar/policy/hedge.h"

#include <algorithm>
#include <utility>

namespace skiff {
namespace {

// Where twice does no harm, and nobody in front of us sends it twice already. (What retries need,
// too; what they may be told to do besides is not for hedging.)
bool may_be_hedged(const Exchange& exchange) {
  return exchange.caller_attempt == 1 && exchange.request.upgrade.empty() &&
         is_repeatable(exchange.request);
}

// Trailers of a request are its connection's, so a body whose end brings some is not at hand.
bool is_at_hand(const Exchange& exchange) {
  const Request& request = exchange.request;
  if (!has_body(request)) return true;
  return request.body == BodyKind::length && exchange.request_ended && exchange.replay.complete;
}

// Whether the other attempt may still be of use: the attempt failed, not the exchange.
bool is_of_attempt(const Error& error) {
  switch (error.kind) {
    case ErrorKind::timeout_request:
    case ErrorKind::timeout_deadline:
    case ErrorKind::timeout_response_headers:
    case ErrorKind::timeout_stream_idle:
      return false;
    default:
      return about(error.kind).source == ErrorSource::backend;
  }
}

// What the second attempt is told of the first one's exchange. Texts are not copied.
void copy_request(const Exchange& from, Exchange& to) {
  to.request = from.request;
  to.request.headers = Headers();
  to.request.headers.reserve(to.arena, from.request.headers.size());
  for (const Field& field : from.request.headers) to.request.headers.push_back(to.arena, field);
  to.marks.route = from.marks.route;
  to.marks.target = from.marks.target;
  to.started = from.started;
  to.client_address = from.client_address;
  to.destination = from.destination;
  to.client_identity = from.client_identity;
  to.retry = from.retry;
  to.caller_attempt = static_cast<std::uint16_t>(from.caller_attempt + from.marks.attempts);
  to.criticality = from.criticality;
  to.tried = from.tried;
  to.hash = from.hash;
  to.deadlines = from.deadlines;
  to.replay = from.replay;
  to.request_ended = true;
}

}  // namespace

// The second attempt. To those below it is a client whose request is at hand.
class Hedge::Extra final : public Reply, public BodySink, public BodySource, private Deferred {
 public:
  Extra(Call& call, Loop& loop, Exchange& exchange)
      : call_(call), loop_(loop), exchange_(exchange) {
    exchange.client_sink = this;
    exchange.client_source = this;
  }

  Exchange& exchange() { return exchange_; }
  void leave_loop() { loop_.undefer(*this); }

 private:
  void informational(Exchange&, Response&) override {}
  void answered(Exchange& exchange, Response& response) override;
  void failed(Exchange& exchange, const Error& error) override;
  void data(std::string_view bytes) override;
  void end(const Headers& trailers) override;
  void abort(const Error& error) override;
  bool flush() override;
  void resume() override { loop_.defer(*this); }

  void run_deferred() override { exchange_.send_replay(fed_attempt_); }

  Call& call_;
  Loop& loop_;
  Exchange& exchange_;
  std::uint16_t fed_attempt_ = 0;
};

// One request; what is under way for it.
class Hedge::Call final : public PassingReply,
                          private EndHook,
                          private Pauses::Waiter,
                          private Pending,
                          private BodySource {
 public:
  Call(Reply& outer, Hedge& owner, Exchange& exchange)
      : PassingReply(outer), owner_(owner), exchange_(exchange), begun_(owner.tools_.loop.now()) {}

  void begin(const HedgingConfig& config);
  void answered(Exchange& exchange, Response& response) override;
  void failed(Exchange& exchange, const Error& error) override;

  void extra_answered(Response& response);
  void extra_failed();
  void extra_ended();
  BodySink& client() { return *exchange_.client_sink; }

 private:
  void pause_over(Exchange& exchange) override;
  void ended(Exchange& exchange, const Error& error) override;
  void fail(Exchange& exchange, const Error& error) override;
  void resume() override {
    BodySource* const source = extra_->exchange().backend_source;
    if (source != nullptr) source->resume();
  }

  void stop_pause() {
    if (pause_ != nullptr) owner_.tools_.pauses.end(*std::exchange(pause_, nullptr));
  }
  void note_latency() {
    const TimePoint now = owner_.tools_.loop.now();
    owner_.window_->add(now - begun_, now);
  }
  void cancel_extra();
  void finish_extra(const Error& error);

  Hedge& owner_;
  Exchange& exchange_;
  const TimePoint begun_;
  Pauses::Pause* pause_ = nullptr;
  Extra* extra_ = nullptr;  // Null: there is none, or none any more.
  Error error_;             // Of the first attempt, while the second one is waited for.
  std::uint16_t extra_attempts_ = 0;
  bool won_ = false;  // The second one.
};

// ---- The first attempt

void Hedge::Call::begin(const HedgingConfig& config) {
  exchange_.at_end(*this);
  const auto usual = owner_.window_->quantile(config.quantile.value, begun_);
  if (usual && may_be_hedged(exchange_)) {
    const TimePoint due = begun_ + std::max(*usual, Duration(config.least));
    pause_ = &owner_.tools_.pauses.watch(exchange_, due, *this);
  }
  owner_.inner_.forward(exchange_, *this);
}

void Hedge::Call::answered(Exchange& exchange, Response& response) {
  stop_pause();
  cancel_extra();
  note_latency();
  PassingReply::answered(exchange, response);
}

void Hedge::Call::failed(Exchange& exchange, const Error& error) {
  stop_pause();
  if (won_) return;
  if (extra_ != nullptr && is_of_attempt(error)) {
    error_ = error;
    exchange.pending = this;
    return;
  }
  cancel_extra();
  PassingReply::failed(exchange, error);
}

void Hedge::Call::ended(Exchange& exchange, const Error& error) {
  stop_pause();
  if (extra_ != nullptr) won_ ? finish_extra(error) : cancel_extra();
  exchange.marks.attempts = static_cast<std::uint16_t>(exchange.marks.attempts + extra_attempts_);
}

// ---- The second one

void Hedge::Call::pause_over(Exchange& exchange) {
  pause_ = nullptr;
  if (!is_at_hand(exchange) || !owner_.tools_.budget.withdraw(owner_.tools_.loop.now())) return;
  Exchange& own = owner_.spare_.take();
  copy_request(exchange, own);
  extra_ = exchange.arena.make<Extra>(*this, owner_.tools_.loop, own);
  owner_.tools_.counts.sent.fetch_add(1, std::memory_order_relaxed);
  owner_.inner_.forward(own, *extra_);
}

// The first one is told to end; that comes back by failed(), if it had not failed already.
void Hedge::Call::extra_answered(Response& response) {
  won_ = true;
  owner_.tools_.counts.won.fetch_add(1, std::memory_order_relaxed);
  const bool under_way = exchange_.pending != nullptr && exchange_.pending != this;
  if (under_way) exchange_.pending->fail(exchange_, {.kind = ErrorKind::hedge_lost});
  exchange_.pending = this;
  exchange_.backend_source = this;
  exchange_.marks.endpoint = extra_->exchange().marks.endpoint;
  exchange_.marks.grpc_status = extra_->exchange().marks.grpc_status;
  note_latency();
  PassingReply::answered(exchange_, response);
}

void Hedge::Call::extra_failed() {
  if (extra_ == nullptr) return;  // We ended it ourselves.
  finish_extra({.kind = ErrorKind::hedge_lost});
  if (exchange_.pending != this) return;
  exchange_.pending = nullptr;
  PassingReply::failed(exchange_, error_);
}

// Its answer is whole, or breaks off.
void Hedge::Call::extra_ended() {
  exchange_.marks.grpc_status = extra_->exchange().marks.grpc_status;
  exchange_.pending = nullptr;
  exchange_.backend_source = nullptr;
}

// Given up by those above, while the second one alone is under way.
void Hedge::Call::fail(Exchange& exchange, const Error& error) {
  if (won_) {
    Exchange& own = extra_->exchange();
    if (own.pending != nullptr) own.pending->fail(own, error);
    return;
  }
  exchange.pending = nullptr;
  cancel_extra();
  PassingReply::failed(exchange, error);
}

void Hedge::Call::cancel_extra() {
  if (extra_ == nullptr) return;
  Extra* const extra = std::exchange(extra_, nullptr);
  Exchange& own = extra->exchange();
  const Error lost{.kind = ErrorKind::hedge_lost};
  if (own.pending != nullptr) own.pending->fail(own, lost);
  extra_ = extra;
  finish_extra(lost);
}

void Hedge::Call::finish_extra(const Error& error) {
  Extra& extra = *std::exchange(extra_, nullptr);
  Exchange& own = extra.exchange();
  extra_attempts_ = own.marks.attempts;
  extra.leave_loop();
  own.finish(error);
  owner_.spare_.give_back(own);
}

void Hedge::Extra::answered(Exchange&, Response& response) { call_.extra_answered(response); }

void Hedge::Extra::failed(Exchange&, const Error&) { call_.extra_failed(); }

void Hedge::Extra::data(std::string_view bytes) { call_.client().data(bytes); }

void Hedge::Extra::end(const Headers& trailers) {
  call_.extra_ended();
  call_.client().end(trailers);
}

void Hedge::Extra::abort(const Error& error) {
  call_.extra_ended();
  call_.client().abort(error);
}

bool Hedge::Extra::flush() { return call_.client().flush(); }

void Hedge::hedge(const HedgingConfig& config, Exchange& exchange, Reply& reply) {
  if (window_ == nullptr) window_ = std::make_unique<LatencyWindow>();
  exchange.arena.make<Call>(reply, *this, exchange)->begin(config);
}

}  // namespace skiff
