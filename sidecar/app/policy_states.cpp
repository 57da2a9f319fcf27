#include "sidecar/app/policy_states.h"

namespace skiff {

std::shared_ptr<TargetState> PolicyStates::of(const std::string& target) {
  const std::lock_guard lock(mutex_);
  std::erase_if(by_name_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<TargetState>& known = by_name_[target];
  std::shared_ptr<TargetState> state = known.lock();
  if (state == nullptr) known = state = std::make_shared<TargetState>(target, tell_);
  return state;
}

}  // namespace skiff
