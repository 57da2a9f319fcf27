#include "sidecar/policy/with_admission.h"

#include <utility>

#include "sidecar/http/grpc.h"

namespace skiff {
namespace {

// One admitted call, until it failed or both bodies are over.
class AdmittedCall final : public PassingReply, public EndHook {
 public:
  AdmittedCall(Reply& outer, Admission& admission, Admission::Ticket ticket, const Clock& clock)
      : PassingReply(outer),
        admission_(admission),
        ticket_(ticket),
        clock_(clock),
        begun_(clock.now()) {}

  void answered(Exchange& exchange, Response& response) override {
    const TimePoint now = clock_.now();
    latency_ = now - begun_;
    ticket_ = admission_.heard(ticket_, now);
    if (response.grpc_status < 0 && is_grpc(exchange.request)) {  // Nobody may have looked yet.
      response.grpc_status = grpc_status_in(response.headers);
    }
    if (is_decided(exchange, response)) tell(outcome_of(response));
    PassingReply::answered(exchange, response);
  }

  void failed(Exchange& exchange, const Error& error) override {
    latency_ = clock_.now() - begun_;
    // The end of an idle connection says nothing of the backend.
    release(error.reused ? Outcome::neutral : outcome_of(error));
    PassingReply::failed(exchange, error);
  }

  void ended(Exchange& exchange, const Error& error) override {
    release(outcome_at_end(exchange, error));
  }

 private:
  void tell(Outcome outcome) {
    if (std::exchange(told_, true) || outcome == Outcome::neutral) return;
    admission_.answered(ticket_, outcome, latency_, clock_.now());
  }

  void release(Outcome outcome) {
    if (std::exchange(released_, true)) return;
    tell(outcome);
    admission_.released(ticket_, clock_.now());
  }

  Admission& admission_;
  Admission::Ticket ticket_;
  const Clock& clock_;
  const TimePoint begun_;
  Duration latency_{};
  bool told_ = false;
  bool released_ = false;
};

void refuse(Exchange& exchange, Reply& reply, Error error, Duration retry_after) {
  if (retry_after > Duration::zero() && error.answer == nullptr) {
    error.answer = exchange.arena.make<ErrorAnswer>(ErrorAnswer{.retry_after = retry_after});
  }
  reply.failed(exchange, error);
}

}  // namespace

void WithAdmission::ask(Exchange& exchange, Reply& reply) {
  const TimePoint now = clock_.now();
  const auto ticket = admission_->admit(now);
  if (!ticket) return refuse(exchange, reply, ticket.error(), admission_->retry_after(now));
  auto* const call = exchange.arena.make<AdmittedCall>(reply, *admission_, *ticket, clock_);
  exchange.at_end(*call);
  inner_.forward(exchange, *call);
}

}  // namespace skiff
