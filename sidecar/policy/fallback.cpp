#include "sidecar/policy/fallback.h"

#include <utility>

#include "sidecar/http/answer.h"
#include "sidecar/http/grpc.h"
#include "sidecar/http/outcome.h"
#include "sidecar/policy/discard.h"
#include "sidecar/policy/keeping.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

using Type = FallbackStep::Type;

constexpr std::string_view mark_header = "x-skiff-degraded";

// Whether it says that the target could not answer.
bool is_of_target(ErrorKind kind) {
  const ErrorInfo& info = about(kind);
  return info.source != ErrorSource::client && !info.close && kind != ErrorKind::hedge_lost &&
         kind != ErrorKind::upgrade_unsupported;
}

// Nobody has begun to act on it, or acting twice is as good as once.
bool may_ask_twice(const Exchange& exchange, const Error& error) {
  if (!exchange.replay.complete) return false;
  return error.unprocessed || about(error.kind).source == ErrorSource::local ||
         is_repeatable(exchange.request);
}

// The failure that an answer is, for what follows from it.
constexpr Error failed_answer{.kind = ErrorKind::bad_response,
                              .detail = "a failure, and no fallback is left"};

}  // namespace

// One request.
//
//   asking the target --failed--> a step --failed--> the next step
//   asking --a failure is answered--> discarding --> a step
class Fallback::Call final : public PassingReply, private Discard::Then, private Pauses::Waiter {
 public:
  Call(Reply& outer, Fallback& fallback, const EndHook* mark)
      : PassingReply(outer), fallback_(fallback), mark_(mark) {}

  void answered(Exchange& exchange, Response& response) override;
  void failed(Exchange& exchange, const Error& error) override;

 private:
  void discarded(Exchange& exchange) override;
  void broken(Exchange& exchange, const Error& error) override { failed(exchange, error); }
  void pause_over(Exchange& exchange) override { step(exchange); }
  void pause_broken(Exchange& exchange, const Error& error) override { failed(exchange, error); }

  AnswerStore::Found find_kept(Exchange& exchange) const;
  bool can_ask(const Exchange& exchange) const;
  bool can(const ReadyStep& step, Exchange& exchange) const;
  bool can_go_on(Exchange& exchange) const;
  void keep(Exchange& exchange, const Response& response);
  void step(Exchange& exchange);
  bool take(const ReadyStep& step, Exchange& exchange);
  void mark(Exchange& exchange, Response& response, std::string_view kind);
  bool answer_kept(Exchange& exchange);
  void answer_static(const FallbackStep& config, Exchange& exchange);
  void answer_static_grpc(const FallbackStep& config, Exchange& exchange);
  void answer(Exchange& exchange, Response& response, std::string_view body);
  void ask(const ReadyStep& step, Exchange& exchange);

  Fallback& fallback_;
  const EndHook* const mark_;  // What was added since is the target's, or another's.
  Error first_{};              // Of the target; of an answer that was discarded, failed_answer.
  Error last_{};
  std::size_t next_ = 0;       // Which step.
  bool asks_other_ = false;    // A CLUSTER is at work.
  bool was_answered_ = false;  // The target's failure was an answer.
};

void Fallback::forward(Exchange& exchange, Reply& reply, Forwarder& target) {
  target.forward(exchange, *exchange.arena.make<Call>(reply, *this, exchange.hooks));
}

Fallback::Fallback(std::vector<ReadyStep> steps, std::shared_ptr<AnswerStore> store, Pauses& pauses,
                   const Clock& clock)
    : steps_(std::move(steps)), store_(std::move(store)), pauses_(pauses), clock_(clock) {}

// ---- What the target, or another, says

void Fallback::Call::answered(Exchange& exchange, Response& response) {
  const bool is_failure =
      response.body != BodyKind::tunnel && outcome_of(response) == Outcome::failure;
  if (!is_failure) {
    asks_other_ ? mark(exchange, response, "cluster") : keep(exchange, response);
    return outer_.answered(exchange, response);
  }
  const Error error = std::exchange(last_, failed_answer);
  if (!can_go_on(exchange)) {
    last_ = error;
    if (asks_other_) mark(exchange, response, "cluster");
    return outer_.answered(exchange, response);
  }
  if (!asks_other_) {
    first_ = failed_answer;
    was_answered_ = true;
  }
  Discard::begin(exchange, fallback_.pauses_, fallback_.clock_.now() + Discard::longest, *this);
}

void Fallback::Call::failed(Exchange& exchange, const Error& error) {
  last_ = error;
  if (!is_of_target(error.kind)) return outer_.failed(exchange, error);
  if (first_.kind == ErrorKind::none) first_ = error;
  step(exchange);
}

// Not at once: the connection that has just told us its answer's end must return first.
void Fallback::Call::discarded(Exchange& exchange) {
  fallback_.pauses_.wait(exchange, fallback_.clock_.now(), *this);
}

void Fallback::Call::keep(Exchange& exchange, const Response& response) {
  if (fallback_.store_ == nullptr) return;
  const auto keeping = keeping_of(exchange, response);
  if (!keeping) return;
  for (const ReadyStep& step : fallback_.steps_) {
    if (step.config->type != Type::cached) continue;
    keep_answer(exchange, response, *keeping, step.config->max_answer_bytes.count,
                *fallback_.store_, fallback_.clock_);
  }
}

// ---- Which step

AnswerStore::Found Fallback::Call::find_kept(Exchange& exchange) const {
  if (fallback_.store_ == nullptr || !may_be_answered(exchange)) return {};
  const TimePoint now = fallback_.clock_.now();
  AnswerStore::Found found = fallback_.store_->find(store_key(exchange, false), now);
  if (found.answer == nullptr) found = fallback_.store_->find(store_key(exchange, true), now);
  return found;
}

bool Fallback::Call::can_ask(const Exchange& exchange) const {
  return fallback_.clock_.now() < exchange.deadlines.request && may_ask_twice(exchange, last_);
}

bool Fallback::Call::can(const ReadyStep& step, Exchange& exchange) const {
  const Request& request = exchange.request;
  switch (step.config->type) {
    case Type::cached:
      return find_kept(exchange).answer != nullptr;
    case Type::cluster:
      return can_ask(exchange);
    case Type::static_answer:
      break;
  }
  if (is_grpc(request)) return step.config->grpc_status.has_value();
  return request.version != Version::bytes && request.upgrade.empty();
}

bool Fallback::Call::can_go_on(Exchange& exchange) const {
  for (std::size_t i = next_; i < fallback_.steps_.size(); ++i) {
    if (can(fallback_.steps_[i], exchange)) return true;
  }
  return false;
}

// Who was asked is not any more: what is held of it, such as a place in its bulkhead, is free.
void Fallback::Call::step(Exchange& exchange) {
  exchange.end_since(mark_);
  while (next_ < fallback_.steps_.size()) {
    const ReadyStep& step = fallback_.steps_[next_++];
    if (can(step, exchange) && take(step, exchange)) return;
  }
  // Of an answer that is gone, the other's failure says more.
  outer_.failed(exchange, was_answered_ ? last_ : first_);
}

bool Fallback::Call::take(const ReadyStep& step, Exchange& exchange) {
  if (!was_answered_) exchange.marks.reason = first_.kind;
  switch (step.config->type) {
    case Type::cached:
      return answer_kept(exchange);
    case Type::cluster:
      ask(step, exchange);
      return true;
    case Type::static_answer:
      break;
  }
  is_grpc(exchange.request) ? answer_static_grpc(*step.config, exchange)
                            : answer_static(*step.config, exchange);
  return true;
}

// ---- What a step does

void Fallback::Call::mark(Exchange& exchange, Response& response, std::string_view kind) {
  exchange.marks.degraded = kind;
  response.headers.set(exchange.arena, mark_header, kind);
}

// False: it has gone since it was found.
bool Fallback::Call::answer_kept(Exchange& exchange) {
  const AnswerStore::Found found = find_kept(exchange);
  if (found.answer == nullptr) return false;
  Response response;
  restore_head(found, exchange.arena, response);
  mark(exchange, response, "cached");
  answer(exchange, response, found.answer->body());
  return true;
}

void Fallback::Call::answer_static(const FallbackStep& config, Exchange& exchange) {
  Response response;
  response.status = config.status;
  response.reason_phrase = standard_phrase(config.status);
  Headers& headers = response.headers;
  if (!config.body.empty()) headers.add(exchange.arena, "content-type", config.content_type);
  for (const HTTPHeader& header : config.headers) {
    headers.add(exchange.arena, header.name, header.value);
  }
  mark(exchange, response, "static");
  const bool has_none = config.status == 204 || config.status == 304;
  response.body = has_none ? BodyKind::none : BodyKind::length;
  response.has_length = !has_none;
  response.content_length = config.body.size();
  answer(exchange, response, config.body);
}

// Trailers alone.
void Fallback::Call::answer_static_grpc(const FallbackStep& config, Exchange& exchange) {
  constexpr std::string_view digits[] = {"0", "1",  "2",  "3",  "4",  "5",  "6",  "7", "8",
                                         "9", "10", "11", "12", "13", "14", "15", "16"};
  Response response;
  response.status = 200;
  response.grpc_status = static_cast<std::int8_t>(*config.grpc_status);
  response.headers.add(exchange.arena, "content-type", "application/grpc");
  response.headers.add(exchange.arena, "grpc-status",
                       digits[static_cast<std::size_t>(*config.grpc_status)]);
  response.headers.add(exchange.arena, "grpc-message", "fallback");
  mark(exchange, response, "static");
  answer(exchange, response, {});
}

// The exchange may be over afterwards.
void Fallback::Call::answer(Exchange& exchange, Response& response, std::string_view body) {
  const bool has_body = exchange.request.method != Method::head && !body.empty();
  if (!has_body) response.body = BodyKind::none;
  outer_.answered(exchange, response);
  BodySink& client = *exchange.client_sink;
  if (has_body) client.data(body);
  client.end({});
  client.flush();
}

// The time that it may take stays the request's.
void Fallback::Call::ask(const ReadyStep& step, Exchange& exchange) {
  asks_other_ = true;
  exchange.deadlines.request_by_route = true;
  exchange.retry = nullptr;
  exchange.faults = step.faults;
  exchange.tried = nullptr;
  step.other->forward(exchange, *this);
}

}  // namespace skiff
