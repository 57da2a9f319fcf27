#include "sidecar/app/policy_events.h"

#include <chrono>
#include <string>
#include <utility>

#include "base/log.h"

namespace skiff {

void PolicyEvents::tell(const PolicyEvent& event) {
  const std::string target(event.subject.substr(0, event.subject.find(' ')));
  counters_.transitions
      .at({std::string(event.policy), target, std::string(event.from), std::string(event.to)})
      .fetch_add(1, std::memory_order_relaxed);
  std::uint64_t left_out = 0;
  if (!takes_line(left_out)) return;
  if (left_out > 0) {
    log::info(Component::policy, "{} changes of policies' states were too many to be told",
              left_out);
  }
  log::info(Component::policy, "{} of {}: {} -> {}: {}", event.policy, event.subject, event.from,
            event.to, event.why);
}

bool PolicyEvents::takes_line(std::uint64_t& left_out) {
  const TimePoint now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (now >= second_end_) {
    second_end_ = now + std::chrono::seconds(1);
    lines_ = 0;
  }
  if (lines_ >= lines_per_second) {
    ++left_out_;
    return false;
  }
  ++lines_;
  left_out = std::exchange(left_out_, 0);
  return true;
}

}  // namespace skiff
