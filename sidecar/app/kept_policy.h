#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/random.h"
#include "sidecar/policy/policy_event.h"

namespace skiff {

// What one policy of a target decides by, which all workers share: made when the policy is first in
// force, and kept from then on, also while it is off, for those that are still under way by it. A
// `Decider` has configure() and turn_off(), after which it begins anew. Any thread; takes a lock,
// so not for each request.
template <typename Decider, typename Config>
class KeptPolicy final {
 public:
  // Both outlive it.
  KeptPolicy(const std::string& subject, const OnPolicyEvent& tell)
      : subject_(subject), tell_(tell) {}

  // By the policy that is in force; each worker says it. Null: it is off.
  Decider* configure(const std::optional<Config>& config, Random& random, TimePoint now) {
    const std::lock_guard guard(mutex_);
    if (!config.has_value()) {
      if (std::exchange(is_on_, false)) decider_->turn_off(now);
      return nullptr;
    }
    if (decider_ == nullptr) {
      decider_ = std::make_unique<Decider>(*config, subject_, random.next(), tell_, now);
    } else {
      decider_->configure(*config, now);
    }
    is_on_ = true;
    return decider_.get();
  }

  // Null while it is off; lives as long as this.
  Decider* get() const {
    const std::lock_guard guard(mutex_);
    return is_on_ ? decider_.get() : nullptr;
  }

 private:
  const std::string& subject_;
  const OnPolicyEvent& tell_;
  mutable std::mutex mutex_;  // Guards all below.
  std::unique_ptr<Decider> decider_;
  bool is_on_ = false;
};

}  // namespace skiff
