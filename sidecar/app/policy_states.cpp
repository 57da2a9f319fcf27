#include "sidecar/app/policy_states.h"

#include <vector>

namespace skiff {

std::shared_ptr<TargetState> PolicyStates::of(const std::string& target) {
  const std::lock_guard lock(mutex_);
  std::erase_if(by_name_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<TargetState>& known = by_name_[target];
  std::shared_ptr<TargetState> state = known.lock();
  if (state == nullptr) known = state = std::make_shared<TargetState>(target, tell_);
  return state;
}

void PolicyStates::visit(const std::function<void(TargetState&)>& visit) {
  std::vector<std::shared_ptr<TargetState>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, state] : by_name_) all.push_back(state.lock());
  }
  for (const auto& state : all) {
    if (state != nullptr) visit(*state);
  }
}

std::shared_ptr<AnswerStore> PolicyStates::answers(const std::string& fallback,
                                                   const AnswerLimits& limits) {
  const std::lock_guard lock(mutex_);
  std::erase_if(answers_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<AnswerStore>& known = answers_[fallback];
  std::shared_ptr<AnswerStore> store = known.lock();
  if (store == nullptr) known = store = std::make_shared<AnswerStore>();
  store->configure(limits);
  return store;
}

}  // namespace skiff
