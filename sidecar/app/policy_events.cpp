#include "sidecar/app/policy_events.h"

#include <string>

#include "base/log.h"

namespace skiff {

void PolicyEvents::tell(const PolicyEvent& event) const {
  const std::string target(event.subject.substr(0, event.subject.find(' ')));
  counters_.transitions
      .at({std::string(event.policy), target, std::string(event.from), std::string(event.to)})
      .fetch_add(1, std::memory_order_relaxed);
  log::info(Component::policy, "{} of {}: {} -> {}: {}", event.policy, event.subject, event.from,
            event.to, event.why);
}

}  // namespace skiff
