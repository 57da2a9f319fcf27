#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "config/schema/bulkhead.h"
#include "sidecar/policy/bulkhead.h"
#include "sidecar/policy/caller_bulkheads.h"

namespace skiff {

// The bulkheads of one target, of all scopes, which all workers share. What is in flight is counted
// on while the policy changes, also while it is off. Any thread; takes a lock, so not for each
// request.
class TargetBulkheads final {
 public:
  // Both outlive it.
  TargetBulkheads(const std::string& target, const OnPolicyEvent& tell);

  // By the policy that is in force; each worker says it.
  void configure(const BulkheadConfig& config);

  // As configured last; null: no limit. They live as long as this, the endpoint's as long as it is
  // held.
  Bulkhead* target();
  CallerBulkheads* callers();
  std::shared_ptr<Bulkhead> endpoint(const std::string& address);

  // Of those that limit something, of callers only who has something in flight; `subject` as in
  // PolicyEvent: `TARGET`, `TARGET ADDRESS`, `TARGET IDENTITY`.
  using Visit = std::function<void(std::string_view scope, std::string_view subject,
                                   const Bulkhead::Figures& figures)>;
  void visit(const Visit& visit) const;

 private:
  const std::string& target_name_;
  const OnPolicyEvent& tell_;
  mutable std::mutex mutex_;  // Guards all below.
  BulkheadConfig config_;
  std::unique_ptr<Bulkhead> target_;          // Null: never was any limit.
  std::unique_ptr<CallerBulkheads> callers_;  // The same.
  std::map<std::string, std::weak_ptr<Bulkhead>, std::less<>> endpoints_;  // By address.
};

}  // namespace skiff
