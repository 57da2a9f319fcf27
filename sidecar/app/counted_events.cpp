#include "sidecar/app/counted_events.h"

#include <fmt/format.h>

#include <map>
#include <string>

namespace skiff {
namespace {

struct Count {
  std::uint64_t bad = 0;
  std::uint64_t all = 0;
};

// The limit that a counter is of: its first two values are policy and limit.
std::string subject_of(const std::vector<std::string>& values) {
  return values[0] + "/" + values[1];
}

std::string reason_of(const Spells::Change& change, std::string_view what) {
  const double seconds = std::chrono::duration<double>(change.time).count();
  const auto quiet = std::chrono::duration_cast<std::chrono::seconds>(Spells::quiet).count();
  std::string text = fmt::format("{} of {} {} in {:.1f}s", change.bad, change.all, what, seconds);
  if (!change.begins) text += fmt::format(", none in the last {}s", quiet);
  return text;
}

}  // namespace

void CountedEvents::look(TimePoint now) {
  look_at_verdicts(now);
  look_at_redis(now);
  look_at_budgets(now);
  look_at_fallbacks(now);
  for (Spells* spells : {&limiting_, &failing_, &spent_}) spells->forget_before(now);
}

void CountedEvents::look_at_verdicts(TimePoint now) {
  std::map<std::pair<std::string, bool>, Count> counts;  // By limit, and whether it is a shadow.
  counters_.limits.visit([&](const std::vector<std::string>& values, std::uint64_t count) {
    Count& sum = counts[{subject_of(values), values[3] == "shadow"}];
    if (values[2] == "limited") sum.bad += count;
    sum.all += count;
  });
  for (const auto& [limit, count] : counts) {
    const auto& [subject, is_shadow] = limit;
    const auto change =
        limiting_.look(is_shadow ? subject + " shadow" : subject, count.bad, count.all, now);
    if (!change) continue;
    const char* const what =
        is_shadow ? "requests would have been refused" : "requests were refused";
    tell_({.policy = "rate_limit",
           .subject = subject,
           .from = change->begins ? "within" : "over",
           .to = change->begins ? "over" : "within",
           .why = reason_of(*change, what)});
  }
}

void CountedEvents::look_at_redis(TimePoint now) {
  std::map<std::string, Count> counts;
  counters_.redis_decisions.visit([&](const std::vector<std::string>& values, std::uint64_t count) {
    Count& sum = counts[subject_of(values)];
    if (values[2] != "decided") sum.bad += count;
    sum.all += count;
  });
  for (const auto& [subject, count] : counts) {
    const auto change = failing_.look(subject, count.bad, count.all, now);
    if (!change) continue;
    tell_({.policy = "rate_limit",
           .subject = subject,
           .from = change->begins ? "redis_decides" : "redis_fails",
           .to = change->begins ? "redis_fails" : "redis_decides",
           .why = reason_of(*change, "requests were not decided")});
  }
}

void CountedEvents::look_at_budgets(TimePoint now) {
  states_.visit([&](TargetState& state) {
    const std::uint64_t refused = state.retry_budget().refused();
    const auto change =
        spent_.look(state.name(), refused, refused + state.retry_budget().granted(), now);
    if (!change) return;
    tell_({.policy = "retry_budget",
           .subject = state.name(),
           .from = change->begins ? "enough" : "spent",
           .to = change->begins ? "spent" : "enough",
           .why = reason_of(*change, "retries were not allowed")});
  });
}

void CountedEvents::look_at_fallbacks(TimePoint now) {
  for (const auto& change : counters_.degraded.take_changes(now)) {
    tell_({.policy = "fallback",
           .subject = change.target,
           .from = change.is_degraded ? "normal" : "degraded",
           .to = change.is_degraded ? "degraded" : "normal",
           .why = change.why});
  }
}

}  // namespace skiff
