#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "sidecar/http/error.h"
#include "sidecar/http/outcome.h"

namespace skiff {

// Gives leave to act, and learns from what became of it. A decider: no I/O, told the time. All
// workers may call it at once; each call takes a short lock, or none.
class Admission {
 public:
  // What admit() gave; its meaning is the policy's own.
  using Ticket = std::uint64_t;

  virtual ~Admission() = default;

  virtual Result<Ticket, Error> admit(TimePoint now) = 0;
  // After a refusal: how long the caller is told to wait. Zero: it is not told.
  virtual Duration retry_after(TimePoint) const { return {}; }
  // The head of an answer came; what it says follows by answered(), now or when its body is over.
  // Gives the ticket to go on with.
  virtual Ticket heard(Ticket ticket, TimePoint) { return ticket; }
  // Not called where the outcome is neutral, such as of a client that left. `latency`: from admit()
  // to the head of the answer, or to the failure.
  virtual void answered(Ticket ticket, Outcome outcome, Duration latency, TimePoint now) = 0;
  // Once for every ticket, when the bodies are over; always the last.
  virtual void released(Ticket ticket, TimePoint now) = 0;
};

}  // namespace skiff
