#pragma once

#include "sidecar/http/forwarder.h"
#include "sidecar/policy/admission.h"

namespace skiff {

// The layer of every policy that is an Admission: asks, forwards, reports, and keeps the ticket
// until the bodies end.
class WithAdmission final : public Forwarder {
 public:
  // Both outlive it. `admission` null: lets everything through.
  WithAdmission(Admission* admission, const Clock& clock, Forwarder& inner)
      : admission_(admission), clock_(clock), inner_(inner) {}

  // From the next request on; those under way report to the one that admitted them, which must
  // live on until then.
  void use(Admission* admission) { admission_ = admission; }

  void forward(Exchange& exchange, Reply& reply) override {
    admission_ == nullptr ? inner_.forward(exchange, reply) : ask(exchange, reply);
  }

 private:
  void ask(Exchange& exchange, Reply& reply);

  Admission* admission_;
  const Clock& clock_;
  Forwarder& inner_;
};

}  // namespace skiff
