#pragma once

#include <utility>

#include "sidecar/app/counted_events.h"
#include "sidecar/simulate/sim_context.h"

namespace skiff {

// The counters of one sidecar, and the events that are read from them once a second.
class SimCounted final : private AgendaEntry {
 public:
  SimCounted(SimContext& context, PolicyStates& states, OnPolicyEvent tell)
      : context_(context), events_(counters, states, std::move(tell)) {
    occur(context.agenda.now());
  }

  NamedCounters counters;

 private:
  void occur(TimePoint now) override {
    events_.look(now);
    context_.agenda.arm(*this, now + std::chrono::seconds(1));
  }

  SimContext& context_;
  CountedEvents events_;
};

}  // namespace skiff
