#include "sidecar/app/target_bulkheads.h"

#include <utility>

namespace skiff {

TargetBulkheads::TargetBulkheads(const std::string& target, const OnPolicyEvent& tell)
    : target_name_(target), tell_(tell) {}

void TargetBulkheads::configure(const BulkheadConfig& config) {
  const std::lock_guard guard(mutex_);
  config_ = config;
  if (target_ != nullptr) {
    target_->configure(config.target);
  } else if (config.target.has_value()) {
    target_ = std::make_unique<Bulkhead>(target_name_, *config.target, tell_);
  }
  if (callers_ != nullptr) {
    callers_->configure(config.caller);
  } else if (config.caller.has_value()) {
    callers_ = std::make_unique<CallerBulkheads>(target_name_, *config.caller, tell_);
  }
  std::erase_if(endpoints_, [](const auto& entry) { return entry.second.expired(); });
  for (const auto& [address, weak] : endpoints_) {
    if (const auto bulkhead = weak.lock()) bulkhead->configure(config.endpoint);
  }
}

Bulkhead* TargetBulkheads::target() {
  const std::lock_guard guard(mutex_);
  return config_.target.has_value() ? target_.get() : nullptr;
}

CallerBulkheads* TargetBulkheads::callers() {
  const std::lock_guard guard(mutex_);
  return config_.caller.has_value() ? callers_.get() : nullptr;
}

std::shared_ptr<Bulkhead> TargetBulkheads::endpoint(const std::string& address) {
  const std::lock_guard guard(mutex_);
  if (!config_.endpoint.has_value()) return nullptr;
  std::weak_ptr<Bulkhead>& known = endpoints_[address];
  std::shared_ptr<Bulkhead> bulkhead = known.lock();
  if (bulkhead == nullptr) {
    bulkhead = std::make_shared<Bulkhead>(target_name_ + " " + address, *config_.endpoint, tell_);
    known = bulkhead;
  }
  return bulkhead;
}

void TargetBulkheads::visit(const Visit& visit) const {
  const std::lock_guard guard(mutex_);
  if (config_.target.has_value()) visit("target", target_name_, target_->figures());
  for (const auto& [address, weak] : endpoints_) {
    const auto bulkhead = weak.lock();
    if (bulkhead == nullptr || !config_.endpoint.has_value()) continue;
    visit("endpoint", target_name_ + " " + address, bulkhead->figures());
  }
  if (!config_.caller.has_value()) return;
  callers_->visit([&](std::string_view caller, const Bulkhead& bulkhead) {
    const Bulkhead::Figures figures = bulkhead.figures();
    if (figures.in_use == 0 && figures.queued == 0) return;
    visit("caller", std::string(target_name_).append(" ").append(caller), figures);
  });
}

}  // namespace skiff
