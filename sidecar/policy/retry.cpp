#include "sidecar/policy/retry.h"

#include <algorithm>
#include <utility>

#include "base/whole_number.h"
#include "sidecar/policy/discard.h"
#include "sidecar/policy/unprocessed.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

using Condition = RetryConfig::Condition;

// No policy can name it.
bool is_fine(const Response& response) {
  return response.status < 400 && response.grpc_status <= 0;
}

bool names(const RetryConfig& config, Condition condition) {
  return std::ranges::find(config.conditions, condition) != config.conditions.end();
}

// Twice has the effect of once, and nobody in front of us repeats it already.
bool may_be_repeated(const RetryConfig& config, const Exchange& exchange) {
  if (exchange.caller_attempt > 1 && !config.retry_retried) return false;
  return is_repeatable(exchange.request);
}

bool is_named(const RetryConfig& config, std::uint16_t status) {
  if (status >= 500 && names(config, Condition::server_error)) return true;
  if (status >= 502 && status <= 504 && names(config, Condition::gateway_error)) return true;
  return std::ranges::find(config.codes, status) != config.codes.end();
}

bool is_named_grpc(const RetryConfig& config, std::int8_t status) {
  return status > 0 && std::ranges::find(config.grpc_statuses, static_cast<GrpcStatus>(status)) !=
                           config.grpc_statuses.end();
}

}  // namespace

// ---- What is decided

Repeat judge(const RetryConfig& config, const Exchange& exchange, const Error& error) {
  if (!exchange.replay.complete || about(error.kind).source != ErrorSource::backend)
    return Repeat::no;
  if (error.unprocessed) return Repeat::unprocessed;
  switch (error.kind) {
    case ErrorKind::upstream_reset:
      if (error.reused && is_idempotent(exchange.request.method)) return Repeat::crossed;
      return names(config, Condition::reset) && may_be_repeated(config, exchange) ? Repeat::harmless
                                                                                  : Repeat::no;
    case ErrorKind::timeout_per_try:
      return names(config, Condition::per_try_timeout) && may_be_repeated(config, exchange)
                 ? Repeat::harmless
                 : Repeat::no;
    default:
      return Repeat::no;
  }
}

Repeat judge(const RetryConfig& config, const Exchange& exchange, const Response& response) {
  if (is_fine(response)) return Repeat::no;
  const bool named =
      is_named(config, response.status) || is_named_grpc(config, response.grpc_status);
  const bool may = named && exchange.replay.complete && may_be_repeated(config, exchange);
  return may ? Repeat::harmless : Repeat::no;
}

Duration backoff_before(const BackoffConfig& config, std::uint32_t number, Random& random) {
  constexpr std::uint32_t most_doublings = 20;
  const std::int64_t times = (std::int64_t{1} << std::min(number, most_doublings)) - 1;
  const Duration most = std::min(Duration(config.base) * times, Duration(config.max));
  const auto bound = static_cast<std::uint64_t>(std::max<std::int64_t>(most.count(), 1));
  return Duration(config.least) + Duration(static_cast<std::int64_t>(random.below(bound)));
}

std::optional<Duration> retry_after(const Response& response) {
  const Field* const field = response.headers.find(FieldId::retry_after);
  if (field == nullptr) return std::nullopt;
  const auto seconds = whole_number<std::uint32_t>(field->value());
  if (!seconds || std::chrono::seconds(*seconds) > longest_retry_after) return Duration::max();
  return std::chrono::seconds(*seconds);
}

// ---- What is done

// One request and its attempts.
//
//   trying --answered, failed--> over
//   trying --failed--> [waiting] --> trying
//   trying --answered--> discarding --its end--> waiting --> trying
class Retry::Call final : public PassingReply,
                          private EndHook,
                          private Pauses::Waiter,
                          private Discard::Then {
 public:
  Call(Reply& outer, const RetryConfig& config, const RetryTools& tools, Forwarder& inner)
      : PassingReply(outer), config_(config), tools_(tools), inner_(inner) {}

  void begin(Exchange& exchange) {
    mark_ = exchange.hooks;
    sink_ = exchange.client_sink;
    if (exchange.deadlines.per_try > 0ns) return attempt(exchange);
    inner_.forward(exchange, *this);
  }

  void answered(Exchange& exchange, Response& response) override {
    if (pause_ == nullptr && is_fine(response)) [[likely]] {
      outer_.answered(exchange, response);
    } else {
      consider(exchange, response);
    }
  }
  void failed(Exchange& exchange, const Error& error) override;

 private:
  void consider(Exchange& exchange, Response& response);
  void attempt(Exchange& exchange);
  void pause_over(Exchange& exchange) override;
  void pause_broken(Exchange& exchange, const Error& error) override;
  void give_up(Exchange& exchange, const Error& error);
  void ended(Exchange& exchange, const Error& error) override;
  void hook(Exchange& exchange);
  void stop_pause();
  bool has_time(const Exchange& exchange, Duration delay) const;
  void discard(Exchange& exchange);
  void discarded(Exchange& exchange) override;
  void broken(Exchange& exchange, const Error& error) override { give_up(exchange, error); }
  void rest(Exchange& exchange);

  const RetryConfig& config_;
  const RetryTools& tools_;
  Forwarder& inner_;
  const EndHook* mark_ = nullptr;   // The newest hook that is not an attempt's.
  BodySink* sink_ = nullptr;        // Who gets the answer that stays.
  Pauses::Pause* pause_ = nullptr;  // Until an attempt is given up, or begins.
  TimePoint due_{};                 // Of the next attempt.
  std::uint32_t retries_ = 0;       // Counted ones.
  bool at_once_ = false;            // The one that is not counted has been.
  bool hooked_ = false;
  bool is_waiting_ = false;  // For the next attempt.
};

void Retry::Call::attempt(Exchange& exchange) {
  is_waiting_ = false;
  exchange.client_sink = sink_;
  const Duration limit = exchange.deadlines.per_try;
  if (limit > 0ns) {
    hook(exchange);
    pause_ = &tools_.pauses.watch(exchange, tools_.clock.now() + limit, *this);
  }
  inner_.forward(exchange, *this);
}

void Retry::Call::consider(Exchange& exchange, Response& response) {
  stop_pause();
  const bool unprocessed =
      take_unprocessed(response) && tools_.may_call_sidecars && exchange.replay.complete;
  const Repeat repeat = unprocessed ? Repeat::unprocessed : judge(config_, exchange, response);
  if (repeat == Repeat::no || config_.attempts == 0)
    return PassingReply::answered(exchange, response);
  if (unprocessed && !at_once_ && has_time(exchange, Duration::zero())) {
    at_once_ = true;
    due_ = tools_.clock.now();
    return discard(exchange);
  }
  if (retries_ >= config_.attempts) return PassingReply::answered(exchange, response);
  const Duration delay = std::max(backoff_before(config_.backoff, retries_ + 1, tools_.random),
                                  retry_after(response).value_or(Duration::zero()));
  if (!has_time(exchange, delay)) return PassingReply::answered(exchange, response);
  if (!tools_.budget.withdraw(tools_.clock.now())) {
    response.headers.set(exchange.arena, "x-skiff-reason", about(ErrorKind::retry_budget).reason);
    return PassingReply::answered(exchange, response);
  }
  ++retries_;
  due_ = tools_.clock.now() + delay;
  discard(exchange);
}

void Retry::Call::failed(Exchange& exchange, const Error& error) {
  stop_pause();
  const Repeat repeat = judge(config_, exchange, error);
  if (repeat == Repeat::no || config_.attempts == 0) return PassingReply::failed(exchange, error);
  exchange.end_since(mark_);
  if (!has_time(exchange, Duration::zero())) return PassingReply::failed(exchange, error);
  if (repeat == Repeat::unprocessed && !std::exchange(at_once_, true)) return attempt(exchange);
  if (retries_ >= config_.attempts) return PassingReply::failed(exchange, error);
  const Duration delay = repeat == Repeat::crossed
                             ? Duration::zero()
                             : backoff_before(config_.backoff, retries_ + 1, tools_.random);
  if (!has_time(exchange, delay)) return PassingReply::failed(exchange, error);
  if (!tools_.budget.withdraw(tools_.clock.now())) {
    return PassingReply::failed(exchange, {.kind = ErrorKind::retry_budget,
                                           .unprocessed = error.unprocessed,
                                           .detail = about(error.kind).reason});
  }
  ++retries_;
  if (delay == Duration::zero()) return attempt(exchange);
  due_ = tools_.clock.now() + delay;
  rest(exchange);
}

// Duration::max() is never.
bool Retry::Call::has_time(const Exchange& exchange, Duration delay) const {
  if (delay == Duration::max()) return false;
  return exchange.deadlines.request == TimePoint::max() ||
         tools_.clock.now() + delay < exchange.deadlines.request;
}

// What is left of the answer may end while the next attempt is waited for.
void Retry::Call::discard(Exchange& exchange) {
  const TimePoint until = std::max(due_, tools_.clock.now() + Discard::longest);
  Discard::begin(exchange, tools_.pauses, until, *this);
}

void Retry::Call::discarded(Exchange& exchange) {
  stop_pause();
  exchange.end_since(mark_);
  rest(exchange);
}

// Not at once, even where nothing is to be waited for: the connection that has just told us its
// answer's end may be the next attempt's, and must return first.
void Retry::Call::rest(Exchange& exchange) {
  is_waiting_ = true;
  exchange.client_sink = sink_;
  hook(exchange);
  pause_ = &tools_.pauses.wait(exchange, due_, *this);
}

void Retry::Call::pause_over(Exchange& exchange) {
  pause_ = nullptr;
  if (is_waiting_) {
    if (has_time(exchange, Duration::zero())) return attempt(exchange);
    return PassingReply::failed(exchange, {.kind = exchange.deadlines.request_reason()});
  }
  if (exchange.pending == nullptr) return;
  exchange.pending->fail(exchange, {.kind = ErrorKind::timeout_per_try});
}

void Retry::Call::pause_broken(Exchange& exchange, const Error& error) {
  pause_ = nullptr;  // It is over, and may be another's by now.
  give_up(exchange, error);
}

void Retry::Call::give_up(Exchange& exchange, const Error& error) {
  stop_pause();
  exchange.client_sink = sink_;
  PassingReply::failed(exchange, error);
}

void Retry::Call::hook(Exchange& exchange) {
  if (!std::exchange(hooked_, true)) exchange.at_end(*this);
}

// Of the exchange or, with the hooks of the attempt, of that.
void Retry::Call::ended(Exchange&, const Error&) {
  hooked_ = false;
  stop_pause();
}

void Retry::Call::stop_pause() {
  if (pause_ != nullptr) tools_.pauses.end(*std::exchange(pause_, nullptr));
}

void Retry::forward(Exchange& exchange, Reply& reply) {
  const RetryConfig& config = exchange.retry == nullptr ? config_ : *exchange.retry;
  // What others repeat, and what is hedged, pays for nothing.
  const bool is_new = !std::exchange(exchange.is_sent_again, false);
  if (config.attempts > 0 && exchange.caller_attempt == 1 && is_new)
    tools_.budget.deposit(tools_.clock.now());
  exchange.arena.make<Call>(reply, config, tools_, inner_)->begin(exchange);
}

}  // namespace skiff
