#include "sidecar/simulate/sim_call.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "sidecar/http/answer.h"
#include "sidecar/simulate/sim_context.h"

namespace skiff {
namespace {

// Says what x-skiff-deadline-ms said, which the chain takes away.
constexpr std::string_view told_field = "x-simulated-told-ms";

template <typename Number>
Number number_of(const Field* field, Number otherwise) {
  if (field == nullptr) return otherwise;
  const std::string_view text = field->value();
  std::from_chars(text.data(), text.data() + text.size(), otherwise);
  return otherwise;
}

void add_number(std::string_view name, std::int64_t value, Arena& arena, Headers& headers) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  headers.add(arena, name, arena.copy({digits, static_cast<std::size_t>(end - digits)}));
}

// Why a sidecar on the way answered so; `none`: the service did.
ErrorKind told_reason(const Response& response) {
  const Field* const said = response.headers.find("x-skiff-reason");
  if (response.status < 400 || said == nullptr) return ErrorKind::none;
  const auto errors = all_errors();
  const auto found = std::ranges::find(errors, said->value(), &ErrorInfo::reason);
  return found == errors.end() ? ErrorKind::none : static_cast<ErrorKind>(found - errors.begin());
}

// A literal of the same word.
std::string_view as_literal(std::string_view degraded) {
  for (const std::string_view word : {"cached", "cluster", "static"}) {
    if (word == degraded) return word;
  }
  return {};
}

}  // namespace

std::uint64_t request_id(const Headers& headers) {
  return number_of(headers.find(FieldId::x_request_id), std::uint64_t{0});
}

std::int64_t told_ms(const Headers& headers) {
  return number_of(headers.find(told_field), std::int64_t{-1});
}

SimCall::~SimCall() {
  if (exchange_ != nullptr) context_.exchanges.give_back(*exchange_);
}

void SimCall::start(const SimRequest& request, Forwarder& to, SimCaller& caller) {
  caller_ = &caller;
  exchange_ = &context_.exchanges.take();
  exchange_->at_end(*this);
  outcome_ = {};
  answered_ = ended_ = false;
  id_ = request.id;
  const TimePoint now = context_.agenda.now();
  leaves_at_ = request.patience > Duration::zero() ? now + request.patience : TimePoint::max();
  fill(request);
  Exchange* const exchange = exchange_;
  to.forward(*exchange, *this);
  if (exchange_ == exchange) context_.agenda.arm(*this, due());
}

void SimCall::fill(const SimRequest& said) {
  Exchange& exchange = *exchange_;
  Arena& arena = exchange.arena;
  Request& request = exchange.request;
  exchange.started = context_.agenda.now();
  exchange.request_ended = true;
  exchange.client_sink = this;
  exchange.client_source = this;
  exchange.client_address = "127.0.0.1";
  exchange.client_identity = said.caller;
  request.method_name = said.method;
  request.method = method_id(said.method);
  request.target = said.path;
  request.path = said.path.substr(0, said.path.find('?'));
  if (request.path.size() < said.path.size())
    request.query = said.path.substr(request.path.size() + 1);
  request.authority = said.authority;
  Headers& headers = request.headers;
  add_number("x-request-id", static_cast<std::int64_t>(said.id), arena, headers);
  const HopFields& hop = said.hop;
  if (said.fields != nullptr) {
    for (const Field& field : *said.fields) {
      if (field.id == FieldId::x_request_id || field.name() == told_field) continue;
      headers.add(arena, arena.copy(field.name()), arena.copy(field.value()));
    }
  }
  if (hop.attempt > 1) add_number("x-skiff-attempt", hop.attempt, arena, headers);
  if (hop.left_ms >= 0) add_number("x-skiff-deadline-ms", hop.left_ms, arena, headers);
  if (const Field* const deadline = headers.find(FieldId::x_skiff_deadline_ms)) {
    headers.add(arena, told_field, deadline->value());
  }
}

void SimCall::answered(Exchange& exchange, Response& response) {
  answered_ = true;
  exchange.marks.status = response.status;
  outcome_.status = response.status;
  if (outcome_.reason == ErrorKind::none) outcome_.reason = told_reason(response);
  outcome_.retry_after = number_of(response.headers.find(FieldId::retry_after), std::uint32_t{0});
  outcome_.latency = context_.agenda.now() - exchange.started;
}

void SimCall::failed(Exchange& exchange, const Error& error) {
  exchange.marks.reason = outcome_.reason = error.kind;
  outcome_.latency = context_.agenda.now() - exchange.started;
  if (error.kind == ErrorKind::client_gone) {
    outcome_.status = about(error.kind).status;
    return over(error);
  }
  Response response;
  answer_for(error, exchange.request, exchange.arena, response);
  answered(exchange, response);
  over(error);
}

void SimCall::end(const Headers&) { ended_ = true; }

// As connections do: a body that has ended is flushed once more, and the exchange is over then.
bool SimCall::flush() {
  if (ended_ && exchange_ != nullptr) over({});
  return true;
}

void SimCall::abort(const Error& error) {
  outcome_.reason = error.kind;
  outcome_.status = about(error.kind).status;
  over(error);
}

void SimCall::leave() { fail({.kind = ErrorKind::client_gone}); }

void SimCall::fail(const Error& error) {
  // It tells us, and whoever hears of it may begin another call in our place before it returns.
  if (exchange_->pending != nullptr) return exchange_->pending->fail(*exchange_, error);
  if (answered_) return abort(error);
  failed(*exchange_, error);
}

TimePoint SimCall::due() const {
  const Deadlines& limits = exchange_->deadlines;
  TimePoint first = std::min(leaves_at_, limits.request);
  if (awaits_head()) first = std::min(first, exchange_->started + limits.response_headers);
  return first;
}

bool SimCall::awaits_head() const {
  return exchange_->deadlines.response_headers > Duration::zero() && !answered_;
}

void SimCall::occur(TimePoint now) {
  if (due() > now) return context_.agenda.arm(*this, due());
  if (now >= leaves_at_) return leave();
  const Deadlines& limits = exchange_->deadlines;
  fail({.kind =
            now >= limits.request ? limits.request_reason() : ErrorKind::timeout_response_headers});
}

void SimCall::over(const Error& error) {
  Exchange& exchange = *std::exchange(exchange_, nullptr);
  SimCaller& caller = *caller_;
  context_.agenda.disarm(*this);
  context_.trace.note(Trace::What::ended, id_, outcome_.status, context_.agenda.now());
  exchange.finish(error);
  const SimOutcome outcome = outcome_;
  context_.exchanges.give_back(exchange);
  context_.calls.give_back(*this);
  caller.call_over(*this, outcome);
}

// The last of those who hear of the end, as it was the first to ask.
void SimCall::ended(Exchange& exchange, const Error&) {
  outcome_.attempts = exchange.marks.attempts;
  outcome_.degraded = as_literal(exchange.marks.degraded);
}

}  // namespace skiff
