#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "sidecar/observe/labelled_counters.h"
#include "sidecar/policy/fault.h"

namespace skiff {

// The FaultPolicies in force, each until its time is over: that runs from when this sidecar first
// saw the policy as it is, whatever else changes meanwhile. Takes a lock: for changes of
// configuration, not for requests.
class FaultStates final {
 public:
  // The control thread: these are in force from now on. One that was, and says the same, goes on.
  void set(const std::vector<FaultPolicy>& policies, TimePoint now, NamedCounters& counters);

  // Any thread: what `policy` means; null where it is not in force any more.
  std::shared_ptr<const FaultRules> find(const FaultPolicy& policy) const;

  // The control thread: tells, once, of each whose time is over. When that of the next will be;
  // TimePoint::max(): of none.
  TimePoint expire(TimePoint now, NamedCounters& counters);

 private:
  struct State {
    std::string text;  // What it says.
    std::shared_ptr<const FaultRules> rules;
    bool is_told = false;  // That it is over.
  };

  mutable std::mutex mutex_;             // Guards all below.
  std::map<std::string, State> states_;  // By `NAMESPACE/NAME`.
};

}  // namespace skiff
