#pragma once

#include <cstdint>
#include <mutex>

#include "base/clock.h"
#include "sidecar/observe/labelled_counters.h"
#include "sidecar/policy/policy_event.h"

namespace skiff {

// Where the policies' changes of state go: a line of the process log each (component `policy`, at
// info), and skiff_policy_transitions_total, in which endpoints count as their target. At most
// `lines_per_second` lines; the next one after says how many were left out. Any thread.
class PolicyEvents final {
 public:
  static constexpr std::uint32_t lines_per_second = 100;

  // Both outlive it.
  PolicyEvents(NamedCounters& counters, const Clock& clock) : counters_(counters), clock_(clock) {}

  void tell(const PolicyEvent& event);

  // What policies are given. Needs this to outlive them.
  OnPolicyEvent sink() {
    return [this](const PolicyEvent& event) { tell(event); };
  }

 private:
  // Whether there is room for a line; if so `left_out` is how many there was none for.
  bool takes_line(std::uint64_t& left_out);

  NamedCounters& counters_;
  const Clock& clock_;
  std::mutex mutex_;  // Guards all below.
  TimePoint second_end_{};
  std::uint32_t lines_ = 0;  // Within the second.
  std::uint64_t left_out_ = 0;
};

}  // namespace skiff
