#include "sidecar/simulate/sim_instance.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "sidecar/simulate/sim_attempt.h"
#include "sidecar/simulate/sim_job.h"
#include "sidecar/simulate/sim_service.h"

namespace skiff {

SimInstance::SimInstance(SimContext& context, SimService& service, EndpointSpec endpoint)
    : context_(context), service_(service), endpoint_(std::move(endpoint)) {}

SimInstance::~SimInstance() = default;

void SimInstance::stand_beside(SimSidecar* sidecar, Forwarder* inlet) {
  sidecar_ = sidecar;
  inlet_ = inlet;
}

void SimInstance::forward(Exchange& exchange, Reply& reply) {
  if (trouble_.down) return reply.failed(exchange, {.kind = ErrorKind::connect_failed});
  ++service_.arrivals;
  ++handled_;
  SimJob& job = context_.jobs.take(context_);
  job.arrive(*this, exchange, reply);
  if (!trouble_.hung && befalls(trouble_.errors)) return job.answer(trouble_.error_status);
  if (!trouble_.hung && befalls(trouble_.resets)) {
    if (trouble_.resets_after_reading) service_.executed(job.id());
    return job.break_off();
  }
  if (!is_full()) return begin(job);
  if (waiting_ >= service_.spec().queue) return job.answer(503);
  ++waiting_;
  queue_.push_back(&job);
}

bool SimInstance::befalls(Ratio share) {
  return share.value > 0 && context_.random.unit() < share.value;
}

bool SimInstance::is_full() const { return busy_ >= service_.spec().concurrency; }

void SimInstance::begin(SimJob& job) {
  ++busy_;
  most_at_once_ = std::max(most_at_once_, busy_);
  working_.add(job);
  job.begin();
  if (trouble_.hung) job.freeze();
}

void SimInstance::ended(SimJob& job) {
  working_.remove(job);
  --busy_;
  if (!trouble_.down) begin_next();
}

void SimInstance::begin_next() {
  while (!is_full() && !queue_.empty() && !trouble_.hung) {
    SimJob& job = *queue_.front();
    queue_.pop_front();
    if (!job.is_dropped()) --waiting_;
    if (job.is_awaited() || !service_.spec().notices_cancel) {
      begin(job);
    } else {
      context_.jobs.give_back(job);
    }
  }
}

Duration SimInstance::draw_work() {
  const SimServiceSpec& spec = service_.spec();
  Duration work = spec.work.draw(context_.random) + trouble_.slower;
  const Duration age = context_.agenda.now() - started_;
  if (age < spec.warm_up) {
    // From ten times as long down to as usual.
    const double left =
        1 - static_cast<double>(age.count()) / static_cast<double>(spec.warm_up.count());
    work += Duration(static_cast<Duration::rep>(9 * left * static_cast<double>(work.count())));
  }
  return work;
}

void SimInstance::crash() {
  if (std::exchange(trouble_.down, true)) return;
  context_.trace.note(Trace::What::changed, stable_hash(address()), 1, context_.agenda.now());
  while (!attempts_.empty()) attempts_.back().peer_died();
  while (!working_.empty()) working_.back().lose();
  for (SimJob* job : std::exchange(queue_, {})) context_.jobs.give_back(*job);
  waiting_ = 0;
}

void SimInstance::start() {
  if (!std::exchange(trouble_.down, false)) return;
  context_.trace.note(Trace::What::changed, stable_hash(address()), 2, context_.agenda.now());
  begin_cold();
}

void SimInstance::begin_cold() { started_ = context_.agenda.now(); }

void SimInstance::hang(bool hung) {
  if (std::exchange(trouble_.hung, hung) == hung) return;
  context_.trace.note(Trace::What::changed, stable_hash(address()), hung ? 3 : 4,
                      context_.agenda.now());
  for (SimJob* job : working_.members()) hung ? job->freeze() : job->thaw();
  if (!hung) begin_next();
}

}  // namespace skiff
