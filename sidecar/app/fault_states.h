#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "sidecar/observe/labelled_counters.h"
#include "sidecar/policy/fault.h"
#include "sidecar/policy/policy_event.h"

namespace skiff {

// The FaultPolicies in force, each until its time is over: that runs from when this sidecar first
// saw the policy as it is, whatever else changes meanwhile. Takes a lock: for changes of
// configuration, not for requests.
class FaultStates final {
 public:
  // `tell`: whom the beginning and the end of each are told to.
  explicit FaultStates(OnPolicyEvent tell) : tell_(std::move(tell)) {}

  // The control thread: these are in force from now on. One that was, and says the same, goes on.
  void set(const std::vector<FaultPolicy>& policies, TimePoint now, NamedCounters& counters);

  // Any thread: what `policy` means; null where it is not in force any more.
  std::shared_ptr<const FaultRules> find(const FaultPolicy& policy) const;

  // The control thread: tells and counts, once, each whose time is over. When that of the next will
  // be; TimePoint::max(): of none.
  TimePoint expire(TimePoint now, NamedCounters& counters);

 private:
  struct State {
    std::string text;  // What it says.
    std::string ttl;   // The same.
    std::shared_ptr<const FaultRules> rules;
    bool is_over = false;  // And told so.
  };
  struct Change {
    std::string name;
    std::string why;
    bool begins = false;
  };

  void tell_all(const std::vector<Change>& changes) const;

  const OnPolicyEvent tell_;
  mutable std::mutex mutex_;             // Guards all below.
  std::map<std::string, State> states_;  // By `NAMESPACE/NAME`.
};

}  // namespace skiff
