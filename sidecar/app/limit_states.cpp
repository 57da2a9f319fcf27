#include "sidecar/app/limit_states.h"

#include <string_view>
#include <utility>

#include "sidecar/observe/families.h"

namespace skiff {

std::shared_ptr<TokenBuckets> LimitStates::of(const std::string& name, const BucketRule& rule,
                                              TimePoint now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(by_name_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<TokenBuckets>& known = by_name_[name];
  std::shared_ptr<TokenBuckets> buckets = known.lock();
  if (buckets != nullptr) {
    buckets->configure(rule, now);
  } else {
    known = buckets = std::make_shared<TokenBuckets>(rule, now);
  }
  return buckets;
}

void LimitStates::collect(std::vector<prometheus::MetricFamily>& families) const {
  auto keys = gauge_family("skiff_rate_limit_keys", "Keys that have a bucket in memory.");
  auto forgotten = counter_family("skiff_rate_limit_keys_forgotten_total",
                                  "Buckets that went, as there were more keys than maxKeys.");
  const std::lock_guard lock(mutex_);
  for (const auto& [name, known] : by_name_) {
    const std::shared_ptr<TokenBuckets> buckets = known.lock();
    if (buckets == nullptr) continue;
    const std::size_t slash = name.rfind('/');
    const std::string_view policy = std::string_view(name).substr(0, slash);
    const std::string_view limit = std::string_view(name).substr(slash + 1);
    add_value(keys, static_cast<double>(buckets->keys()), {{"policy", policy}, {"limit", limit}});
    add_value(forgotten, static_cast<double>(buckets->forgotten()),
              {{"policy", policy}, {"limit", limit}});
  }
  if (keys.metric.empty()) return;
  families.push_back(std::move(keys));
  families.push_back(std::move(forgotten));
}

}  // namespace skiff
