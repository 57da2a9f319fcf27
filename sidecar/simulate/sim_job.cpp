#include "sidecar/simulate/sim_job.h"

#include <algorithm>
#include <utility>

#include "sidecar/simulate/sim_context.h"
#include "sidecar/simulate/sim_instance.h"
#include "sidecar/simulate/sim_service.h"
#include "sidecar/simulate/sim_sidecar.h"

namespace skiff {
namespace {

// What an application gives on to those that it calls, as it does with a trace's id.
constexpr std::array passed_on = {FieldId::x_skiff_attempt, FieldId::x_skiff_criticality,
                                  FieldId::x_skiff_deadline_ms};

}  // namespace

void SimJob::arrive(SimInstance& instance, Exchange& exchange, Reply& reply) {
  instance_ = &instance;
  exchange_ = &exchange;
  reply_ = &reply;
  call_ = nullptr;
  state_ = State::waiting;
  id_ = request_id(exchange.request.headers);
  next_call_ = 0;
  answered_ = frozen_ = dropped_ = false;
  keep_passed(exchange.request.headers);
  ++exchange.marks.attempts;
  exchange.pending = this;
  exchange.backend_source = this;
}

void SimJob::keep_passed(const Headers& headers) {
  for (std::size_t i = 0; i < passed_on.size(); ++i) {
    Passed& passed = passed_[i];
    const Field* const field = headers.find(passed_on[i]);
    passed.id = passed_on[i];
    passed.size = 0;
    if (field == nullptr || field->value_size > sizeof passed.value) continue;
    passed.size = static_cast<std::uint8_t>(field->value_size);
    std::copy_n(field->value_at, field->value_size, passed.value);
  }
}

void SimJob::begin() {
  state_ = State::working;
  instance_->service().executed(id_);
  due_ = context_.agenda.now() + instance_->draw_work();
  context_.agenda.arm(*this, due_);
}

void SimJob::freeze() {
  if (state_ != State::working || std::exchange(frozen_, true)) return;
  left_ = due_ - context_.agenda.now();
  context_.agenda.disarm(*this);
}

void SimJob::thaw() {
  if (!std::exchange(frozen_, false)) return;
  due_ = context_.agenda.now() + left_;
  context_.agenda.arm(*this, due_);
}

void SimJob::occur(TimePoint) {
  state_ = State::calling;
  call_next();
}

// Those that it needs, one after the other; then the answer.
void SimJob::call_next() {
  const auto& calls = instance_->service().spec().calls;
  if (next_call_ == calls.size()) return conclude(200);
  Arena arena;
  Headers fields;
  for (const Passed& passed : passed_) {
    if (passed.size > 0) fields.add(arena, field_name(passed.id), {passed.value, passed.size});
  }
  const std::string& target = calls[next_call_].target;
  call_ = &context_.calls.take(context_);
  call_->start({.id = id_, .authority = target, .fields = &fields},
               instance_->sidecar()->way_to(target), *this);
}

void SimJob::call_over(SimCall&, const SimOutcome& outcome) {
  call_ = nullptr;
  if (state_ != State::calling) return;  // It is being stopped.
  const bool needed = instance_->service().spec().calls[next_call_++].needed;
  if (needed && !outcome.is_success()) return conclude(503);
  call_next();
}

// It gives its place back, and answers who still waits.
void SimJob::conclude(std::uint16_t status) {
  SimInstance& instance = *instance_;
  instance.ended(*this);
  ++(is_awaited() ? instance.service().completed : instance.service().wasted);
  if (!is_awaited()) return context_.jobs.give_back(*this);
  answer(status);
}

void SimJob::answer(std::uint16_t status) {
  Exchange& exchange = *exchange_;
  Response response;
  response.status = status;
  response.has_length = true;
  answered_ = true;
  reply_->answered(exchange, response);
  if (exchange_ != &exchange) return context_.jobs.give_back(*this);  // It was given up meanwhile.
  detach();
  context_.jobs.give_back(*this);
  BodySink& client = *exchange.client_sink;
  client.end({});
  client.flush();
}

void SimJob::break_off() {
  Reply& reply = *reply_;
  Exchange& exchange = detach();
  context_.jobs.give_back(*this);
  reply.failed(exchange, {.kind = ErrorKind::upstream_reset});
}

// Nobody waits any more. What notices it stops; else the work goes on for nothing.
void SimJob::fail(Exchange&, const Error& error) {
  Reply& reply = *reply_;
  Exchange& exchange = detach();
  if (answered_) return exchange.client_sink->abort(error);
  if (instance_->service().spec().notices_cancel && !instance_->trouble().hung) stop();
  reply.failed(exchange, error);
}

void SimJob::stop() {
  if (state_ != State::waiting) return lose();
  dropped_ = true;
  instance_->unqueued();
}

void SimJob::lose() {
  state_ = State::waiting;
  context_.agenda.disarm(*this);
  if (call_ != nullptr) call_->leave();
  instance_->ended(*this);
  context_.jobs.give_back(*this);
}

Exchange& SimJob::detach() {
  Exchange& exchange = *std::exchange(exchange_, nullptr);
  reply_ = nullptr;
  exchange.pending = nullptr;
  exchange.backend_source = nullptr;
  return exchange;
}

}  // namespace skiff
