#include "sidecar/app/policy_states.h"

#include <fmt/format.h>

#include <vector>

namespace skiff {

void TargetState::set_panic(bool panics, const Availability& now) {
  const std::uint32_t before = panics ? panicking_.fetch_add(1) : panicking_.fetch_sub(1);
  if (before != (panics ? 0U : 1U) || !tell_) return;
  tell_({.policy = "panic",
         .subject = name_,
         .from = panics ? "off" : "on",
         .to = panics ? "on" : "off",
         .why = fmt::format("{} of {} endpoints available", now.available, now.all)});
}

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
