#include "sidecar/observe/degraded.h"

#include <fmt/format.h>

#include <algorithm>

#include "sidecar/observe/families.h"

namespace skiff {

void DegradedCounters::answered(std::string_view target, std::string_view kind, TimePoint now) {
  Key key{target, kind};
  const std::lock_guard lock(mutex_);
  if (counts_.size() >= most && !counts_.contains(key)) key = {"other", "other"};
  Spell& spell =
      spells_.try_emplace(key.first, Spell{.since = now, .kind = key.second}).first->second;
  ++spell.answers;
  spell.last = std::max(spell.last, now);
  Count& count = counts_[key];
  ++count.answers;
  const TimePoint until = now + lasts;
  count.degraded += std::max(until - std::max(now, count.until), Duration::zero());
  count.until = std::max(count.until, until);
}

std::vector<DegradedCounters::Change> DegradedCounters::take_changes(TimePoint now) {
  std::vector<Change> changes;
  const std::lock_guard lock(mutex_);
  for (auto at = spells_.begin(); at != spells_.end();) {
    auto& [target, spell] = *at;
    if (!std::exchange(spell.is_told, true)) {
      changes.push_back({target, true, fmt::format("answered by {}", spell.kind)});
    }
    if (now - spell.last < quiet) {
      ++at;
      continue;
    }
    const double seconds = std::chrono::duration<double>(spell.last - spell.since).count();
    changes.push_back(
        {target, false,
         fmt::format("{} answers of a fallback in {:.1f}s, none in the last {}s", spell.answers,
                     seconds, std::chrono::duration_cast<std::chrono::seconds>(quiet).count())});
    at = spells_.erase(at);
  }
  return changes;
}

void DegradedCounters::collect(std::vector<prometheus::MetricFamily>& families) const {
  const std::lock_guard lock(mutex_);
  if (counts_.empty()) return;
  auto answers = counter_family("skiff_fallback_answers_total",
                                "Answers that a fallback gave for a target, by its kind.");
  auto degraded = counter_family("skiff_degraded_seconds_total",
                                 "For how long a target's answers came from a fallback, by its "
                                 "kind: a second after each counts.");
  for (const auto& [key, count] : counts_) {
    const auto& [target, kind] = key;
    add_value(answers, static_cast<double>(count.answers), {{"target", target}, {"kind", kind}});
    add_value(degraded, std::chrono::duration<double>(count.degraded).count(),
              {{"target", target}, {"kind", kind}});
  }
  families.push_back(std::move(answers));
  families.push_back(std::move(degraded));
}

}  // namespace skiff
