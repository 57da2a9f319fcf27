#include "sidecar/app/fault_states.h"

#include <algorithm>

#include "config/schema/shape_printer.h"

namespace skiff {
namespace {

std::string key_of(const FaultPolicy& policy) {
  return policy.metadata.ns + "/" + policy.metadata.name;
}

}  // namespace

void FaultStates::set(const std::vector<FaultPolicy>& policies, TimePoint now,
                      NamedCounters& counters) {
  std::vector<Change> changes;
  {
    const std::lock_guard lock(mutex_);
    std::map<std::string, State> before = std::exchange(states_, {});
    for (const FaultPolicy& policy : policies) {
      const std::string name = key_of(policy);
      std::string text = to_yaml(to_tree(policy));
      const auto known = before.find(name);
      const bool is_known = known != before.end();
      if (is_known && known->second.text == text) {
        states_.insert(before.extract(known));
        continue;
      }
      if (is_known) before.erase(known);  // It begins anew, which says enough.
      const FaultCells cells{counters.faults.at({name, "delay"}),
                             counters.faults.at({name, "abort"}),
                             counters.faults.at({name, "reset"})};
      const auto rules = std::make_shared<const FaultRules>(policy, now + policy.ttl, cells);
      states_.emplace(name, State{std::move(text), to_text(policy.ttl), rules});
      changes.push_back({name, "requests fail on purpose for " + to_text(policy.ttl), true});
    }
    for (const auto& [name, state] : before) {
      if (!state.is_over) changes.push_back({name, "the policy is gone", false});
    }
  }
  tell_all(changes);
}

std::shared_ptr<const FaultRules> FaultStates::find(const FaultPolicy& policy) const {
  const std::lock_guard lock(mutex_);
  const auto found = states_.find(key_of(policy));
  return found == states_.end() ? nullptr : found->second.rules;
}

TimePoint FaultStates::expire(TimePoint now, NamedCounters& counters) {
  TimePoint next = TimePoint::max();
  std::vector<Change> changes;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [name, state] : states_) {
      if (now < state.rules->until()) {
        next = std::min(next, state.rules->until());
      } else if (!std::exchange(state.is_over, true)) {
        counters.expired_faults.at({name}).fetch_add(1, std::memory_order_relaxed);
        changes.push_back({name, "its ttl is over: " + state.ttl, false});
      }
    }
  }
  tell_all(changes);
  return next;
}

void FaultStates::tell_all(const std::vector<Change>& changes) const {
  for (const Change& change : changes) {
    tell_({.policy = "fault",
           .subject = change.name,
           .from = change.begins ? "off" : "on",
           .to = change.begins ? "on" : "off",
           .why = change.why});
  }
}

}  // namespace skiff
