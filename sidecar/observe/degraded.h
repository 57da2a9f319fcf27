#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace skiff {

// How often, and for how long, fallbacks answered for a target: a second counts as degraded where
// an answer within the last one was. All workers share them; takes a lock, which only degraded
// answers pay. At most `most` pairs of a target and a kind; what comes after counts as `other`.
class DegradedCounters final {
 public:
  static constexpr Duration lasts = std::chrono::seconds(1);
  static constexpr std::size_t most = 1'000;
  // A target is well again when no fallback answered for it for so long.
  static constexpr Duration quiet = std::chrono::seconds(10);

  struct Change {
    std::string target;
    bool is_degraded = false;  // From now on; or no more.
    std::string why;
  };

  // Times may come from several threads, so also slightly out of order.
  void answered(std::string_view target, std::string_view kind, TimePoint now);

  // What changed since the last call; called about once a second.
  std::vector<Change> take_changes(TimePoint now);

  // What is counted of the second that runs is in it already.
  void collect(std::vector<prometheus::MetricFamily>& families) const;

 private:
  struct Count {
    std::uint64_t answers = 0;
    Duration degraded{};
    TimePoint until{};  // So far all is counted.
  };
  using Key = std::pair<std::string, std::string>;  // Target, kind.
  struct Spell {
    TimePoint since{};
    TimePoint last{};
    std::uint64_t answers = 0;
    std::string kind;  // Of the first.
    bool is_told = false;
  };

  mutable std::mutex mutex_;  // Guards all below.
  std::map<Key, Count> counts_;
  std::map<std::string, Spell> spells_;  // By target, of those that are degraded.
};

}  // namespace skiff
