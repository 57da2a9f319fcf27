#include "sidecar/app/fault_states.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "config/schema/shape_printer.h"

namespace skiff {
namespace {

std::string key_of(const FaultPolicy& policy) {
  return policy.metadata.ns + "/" + policy.metadata.name;
}

}  // namespace

void FaultStates::set(const std::vector<FaultPolicy>& policies, TimePoint now,
                      NamedCounters& counters) {
  const std::lock_guard lock(mutex_);
  std::map<std::string, State> before = std::exchange(states_, {});
  for (const FaultPolicy& policy : policies) {
    const std::string name = key_of(policy);
    std::string text = to_yaml(to_tree(policy));
    const auto known = before.find(name);
    if (known != before.end() && known->second.text == text) {
      states_.emplace(name, std::move(known->second));
      continue;
    }
    const FaultCells cells{counters.faults.at({name, "delay"}), counters.faults.at({name, "abort"}),
                           counters.faults.at({name, "reset"})};
    states_.emplace(name, State{std::move(text), std::make_shared<const FaultRules>(
                                                     policy, now + policy.ttl, cells)});
    log::warn(Component::config, "FaultPolicy {}: requests fail on purpose for {} from now on",
              name, to_text(policy.ttl));
  }
}

std::shared_ptr<const FaultRules> FaultStates::find(const FaultPolicy& policy) const {
  const std::lock_guard lock(mutex_);
  const auto found = states_.find(key_of(policy));
  return found == states_.end() ? nullptr : found->second.rules;
}

TimePoint FaultStates::expire(TimePoint now, NamedCounters& counters) {
  const std::lock_guard lock(mutex_);
  TimePoint next = TimePoint::max();
  for (auto& [name, state] : states_) {
    if (now < state.rules->until()) {
      next = std::min(next, state.rules->until());
    } else if (!std::exchange(state.is_told, true)) {
      counters.expired_faults.at({name}).fetch_add(1, std::memory_order_relaxed);
      log::warn(Component::config, "FaultPolicy {}: its ttl is over, it has no effect any more",
                name);
    }
  }
  return next;
}

}  // namespace skiff
