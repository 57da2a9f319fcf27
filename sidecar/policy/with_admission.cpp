#include "sidecar/policy/with_admission.h"

#include <utility>

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
    latency_ = clock_.now() - begun_;
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
  const Admission::Ticket ticket_;
  const Clock& clock_;
  const TimePoint begun_;
  Duration latency_{};
  bool told_ = false;
  bool released_ = false;
};

}  // namespace

void WithAdmission::forward(Exchange& exchange, Reply& reply) {
  if (admission_ == nullptr) return inner_.forward(exchange, reply);
  const auto ticket = admission_->admit(clock_.now());
  if (!ticket) return reply.failed(exchange, ticket.error());
  auto* const call = exchange.arena.make<AdmittedCall>(reply, *admission_, *ticket, clock_);
  exchange.at_end(*call);
  inner_.forward(exchange, *call);
}

}  // namespace skiff
