#include "sidecar/simulate/sim_attempt.h"

#include <charconv>
#include <utility>

#include "sidecar/policy/mirror.h"
#include "sidecar/simulate/sim_context.h"
#include "sidecar/simulate/sim_way.h"

namespace skiff {
namespace {

std::string_view number(Arena& arena, std::uint64_t value) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return arena.copy({digits, static_cast<std::size_t>(end - digits)});
}

}  // namespace

void SimAttempt::start(SimWay& way, Exchange& exchange, Reply& reply) {
  way_ = &way;
  exchange_ = &exchange;
  reply_ = &reply;
  call_ = nullptr;
  answered_ = false;
  id_ = request_id(exchange.request.headers);
  exchange.pending = this;
  exchange.backend_source = this;
  ++way.under_way;
  reused_ = way.take_idle();
  if (reused_) return go();
  // There and back; where nothing comes back, until it is given up.
  const Duration latency = way.latency().draw(context_.random);
  after(way.is_cut() ? way.connect_timeout() : 2 * latency, State::connecting);
}

void SimAttempt::after(Duration delay, State state) {
  state_ = state;
  context_.agenda.arm(*this, context_.agenda.now() + delay);
}

void SimAttempt::occur(TimePoint) {
  switch (state_) {
    case State::connecting:
      return connected();
    case State::going:
      return arrive();
    case State::returning:
      return deliver();
    case State::reset:
      return break_off({.kind = ErrorKind::upstream_reset});
    case State::cancelling:
      return call_->leave();
    case State::there:
    case State::silent:
      break;
  }
}

void SimAttempt::connected() {
  if (way_->is_cut()) return break_off({.kind = ErrorKind::timeout_connect, .unprocessed = true});
  if (way_->to().trouble().down) {
    return break_off({.kind = ErrorKind::connect_failed, .unprocessed = true});
  }
  go();
}

void SimAttempt::go() {
  ++exchange_->marks.attempts;
  if (is_copy(exchange_->request)) {
    ++way_->sent().copies;
  } else {
    ++way_->sent().attempts;
    if (exchange_->marks.attempts > 1) ++way_->sent().retries;
  }
  hop_ = hop_fields_of(*exchange_, context_.agenda.now());
  const std::int64_t told = told_ms(exchange_->request.headers);
  if (told >= 0 && (hop_.left_ms < 0 || hop_.left_ms > told)) ++context_.deadlines_grown;
  context_.trace.note(Trace::What::attempted, id_, 0, context_.agenda.now());
  after(way_->latency().draw(context_.random), State::going);
}

void SimAttempt::arrive() {
  SimInstance& to = way_->to();
  if (way_->is_cut()) {
    state_ = State::silent;
    return;
  }
  if (to.trouble().down) {
    return break_off({.kind = ErrorKind::upstream_reset, .reused = reused_});
  }
  state_ = State::there;
  to.attempts().add(*this);
  const Request& request = exchange_->request;
  call_ = &context_.calls.take(context_);
  call_->start({.id = id_,
                .method = request.method_name,
                .path = request.target,
                .authority = request.authority,
                .caller = way_->identity(),
                .fields = &request.headers,
                .hop = hop_},
               to.inlet(), *this);
}

void SimAttempt::call_over(SimCall&, const SimOutcome& outcome) {
  call_ = nullptr;
  way_->to().attempts().remove(*this);
  if (state_ == State::cancelling) return free();
  if (state_ == State::reset) return;  // The instance died.
  outcome_ = outcome;
  if (outcome.reason == ErrorKind::upstream_reset) return after(Duration::zero(), State::reset);
  after(way_->latency().draw(context_.random), State::returning);
}

void SimAttempt::deliver() {
  if (way_->is_cut()) {
    state_ = State::silent;
    return;
  }
  Exchange& exchange = *exchange_;
  Response response;
  response.status = outcome_.status;
  response.has_length = true;
  if (outcome_.reason != ErrorKind::none) {
    response.headers.add(exchange.arena, "x-skiff-reason", about(outcome_.reason).reason);
  }
  if (outcome_.retry_after > 0) {
    response.headers.add(exchange.arena, "retry-after",
                         number(exchange.arena, outcome_.retry_after));
  }
  answered_ = true;
  reply_->answered(exchange, response);
  if (exchange_ != &exchange) return free();  // It was given up meanwhile.
  detach();
  way_->give_idle();
  free();
  BodySink& client = *exchange.client_sink;
  client.end({});
  client.flush();
}

void SimAttempt::break_off(const Error& error) {
  Reply& reply = *reply_;
  Exchange& exchange = detach();
  free();
  reply.failed(exchange, error);
}

// The connection is closed for it, so that it is not used again.
void SimAttempt::fail(Exchange&, const Error& error) {
  Reply& reply = *reply_;
  Exchange& exchange = detach();
  if (answered_) return exchange.client_sink->abort(error);
  context_.agenda.disarm(*this);
  if (state_ == State::there) {
    const Duration latency = way_->latency().draw(context_.random);
    after(latency, State::cancelling);
  } else {
    free();
  }
  reply.failed(exchange, error);
}

// The instance's end reaches it as a reset.
void SimAttempt::peer_died() {
  const bool was_cancelled = state_ == State::cancelling;
  state_ = State::reset;
  call_->leave();
  context_.agenda.disarm(*this);
  if (was_cancelled) return free();
  after(way_->latency().draw(context_.random), State::reset);
}

Exchange& SimAttempt::detach() {
  Exchange& exchange = *std::exchange(exchange_, nullptr);
  reply_ = nullptr;
  exchange.pending = nullptr;
  exchange.backend_source = nullptr;
  return exchange;
}

void SimAttempt::free() {
  context_.agenda.disarm(*this);
  --way_->under_way;
  context_.attempts.give_back(*this);
}

}  // namespace skiff
