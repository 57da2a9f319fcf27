#pragma once

#include <utility>

#include "sidecar/app/policy_states.h"
#include "sidecar/observe/labelled_counters.h"
#include "sidecar/observe/spells.h"
#include "sidecar/policy/policy_event.h"

namespace skiff {

// Events that are read from what policies count, so that requests pay nothing for them: a rate
// limit begins to refuse, or has stopped; its Redis does not decide, or does again; a target's
// retry budget is spent, or suffices again; a fallback answers for a target, or none does any more.
class CountedEvents final {
 public:
  // Both outlive it.
  CountedEvents(NamedCounters& counters, PolicyStates& states, OnPolicyEvent tell)
      : counters_(counters), states_(states), tell_(std::move(tell)) {}

  // Called about once a second, by one thread.
  void look(TimePoint now);

 private:
  void look_at_verdicts(TimePoint now);
  void look_at_redis(TimePoint now);
  void look_at_budgets(TimePoint now);
  void look_at_fallbacks(TimePoint now);

  NamedCounters& counters_;
  PolicyStates& states_;
  const OnPolicyEvent tell_;
  Spells limiting_;
  Spells failing_;
  Spells spent_;
};

}  // namespace skiff
