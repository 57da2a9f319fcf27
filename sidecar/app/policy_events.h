#pragma once

#include "sidecar/observe/labelled_counters.h"
#include "sidecar/policy/policy_event.h"

namespace skiff {

// Where the policies' changes of state go: a line of the process log each (component `policy`, at
// info), and skiff_policy_transitions_total, in which endpoints count as their target. Any thread.
class PolicyEvents final {
 public:
  // `counters` outlives it.
  explicit PolicyEvents(NamedCounters& counters) : counters_(counters) {}

  void tell(const PolicyEvent& event) const;

  // What policies are given. Needs this to outlive them.
  OnPolicyEvent sink() const {
    return [this](const PolicyEvent& event) { tell(event); };
  }

 private:
  NamedCounters& counters_;
};

}  // namespace skiff
