#pragma once

#include <prometheus/metric_family.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sidecar/policy/token_buckets.h"

namespace skiff {

// The buckets of all limits in force, by the limits' names; all workers share them, and they
// outlive changes of the configuration. Any thread; takes a lock: not for requests.
class LimitStates final {
 public:
  // Those of that name, by this rule from now on; made where there are none yet. They live as long
  // as somebody holds them.
  std::shared_ptr<TokenBuckets> of(const std::string& name, const BucketRule& rule, TimePoint now);

  void collect(std::vector<prometheus::MetricFamily>& families) const;

 private:
  mutable std::mutex mutex_;  // Guards all below.
  std::map<std::string, std::weak_ptr<TokenBuckets>> by_name_;
};

}  // namespace skiff
