#pragma once

#include <utility>

#include "sidecar/observe/labelled_counters.h"
#include "sidecar/observe/spells.h"
#include "sidecar/policy/policy_event.h"

namespace skiff {

// The events of rate limits, read from what they count so that requests pay nothing: a limit begins
// to refuse, or has stopped; its Redis does not decide, or does again.
class LimitEvents final {
 public:
  // The counters outlive it.
  LimitEvents(const NamedCounters& counters, OnPolicyEvent tell)
      : counters_(counters), tell_(std::move(tell)) {}

  // Called about once a second, by one thread.
  void look(TimePoint now);

 private:
  void look_at_verdicts(TimePoint now);
  void look_at_redis(TimePoint now);

  const NamedCounters& counters_;
  const OnPolicyEvent tell_;
  Spells limiting_;
  Spells failing_;
};

}  // namespace skiff
