#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "config/schema/traffic_policy.h"
#include "sidecar/app/fault_states.h"
#include "sidecar/app/kept_policy.h"
#include "sidecar/app/limit_states.h"
#include "sidecar/app/target_bulkheads.h"
#include "sidecar/balance/endpoint_set.h"
#include "sidecar/policy/answer_store.h"
#include "sidecar/policy/circuit_breaker.h"
#include "sidecar/policy/hedge.h"
#include "sidecar/policy/mirror.h"
#include "sidecar/policy/outlier_ejection.h"
#include "sidecar/policy/policy_event.h"
#include "sidecar/policy/retry_budget.h"
#include "sidecar/policy/wait_for_ready.h"

namespace skiff {

// What the policies of one target know, shared by all workers: breakers, budgets, bulkheads. It
// outlives every change of configuration that does not turn the policy itself off, and the target
// while a request of it is under way. Needs `configure()` of a policy to keep what it learned.
class TargetState final {
 public:
  // `tell`: whom changes of its policies are told to.
  TargetState(std::string name, OnPolicyEvent tell)
      : name_(std::move(name)),
        tell_(std::move(tell)),
        bulkheads_(name_, tell_),
        breaker_(name_, tell_),
        ejection_(name_, tell_),
        readiness_(name_, tell_) {}
  TargetState(const TargetState&) = delete;
  TargetState& operator=(const TargetState&) = delete;

  const std::string& name() const { return name_; }
  TargetBulkheads& bulkheads() { return bulkheads_; }
  RetryBudget& retry_budget() { return retry_budget_; }
  KeptPolicy<CircuitBreaker, CircuitBreakerConfig>& breaker() { return breaker_; }
  KeptPolicy<OutlierEjection, OutlierEjectionConfig>& ejection() { return ejection_; }
  Readiness& readiness() { return readiness_; }
  HedgeCounts& hedges() { return hedges_; }
  MirrorCounts& mirrors() { return mirrors_; }

  // One worker uses all endpoints from now on, as too few are available; or no more.
  void set_panic(bool panics, const Availability& now);
  bool panics() const { return panicking_.load(std::memory_order_relaxed) > 0; }

 private:
  const std::string name_;
  const OnPolicyEvent tell_;
  TargetBulkheads bulkheads_;
  RetryBudget retry_budget_;
  KeptPolicy<CircuitBreaker, CircuitBreakerConfig> breaker_;
  KeptPolicy<OutlierEjection, OutlierEjectionConfig> ejection_;
  Readiness readiness_;
  HedgeCounts hedges_;
  MirrorCounts mirrors_;
  std::atomic<std::uint32_t> panicking_ = 0;  // Workers.
};

// All targets' states, by the targets' names. Any thread may call it; takes a lock: for changes of
// configuration and for pages of the admin server, not for requests.
class PolicyStates final {
 public:
  explicit PolicyStates(const OnPolicyEvent& tell) : faults(tell), tell_(tell) {}

  // The one of that name, made where there is none yet. It lives as long as somebody holds it.
  std::shared_ptr<TargetState> of(const std::string& target);
  // All that live, in the order of their names.
  void visit(const std::function<void(TargetState&)>& visit);

  LimitStates& limits() { return limits_; }

  // What is kept for the fallback of that name, within these limits; likewise.
  std::shared_ptr<AnswerStore> answers(const std::string& fallback, const AnswerLimits& limits);

  FaultStates faults;

 private:
  LimitStates limits_;
  const OnPolicyEvent tell_;
  std::mutex mutex_;  // Guards all below.
  std::map<std::string, std::weak_ptr<TargetState>> by_name_;
  std::map<std::string, std::weak_ptr<AnswerStore>> answers_;
};

}  // namespace skiff
