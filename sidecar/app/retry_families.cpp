#include "sidecar/app/retry_families.h"

#include "sidecar/observe/families.h"

namespace skiff {

void collect_retries(PolicyStates& states, TimePoint now,
                     std::vector<prometheus::MetricFamily>& families) {
  auto granted = counter_family("skiff_retry_budget_granted_total",
                                "Retries and hedged attempts that the target's budget allowed.");
  auto refused = counter_family("skiff_retry_budget_refused_total",
                                "Retries and hedged attempts that it did not allow.");
  auto left = gauge_family("skiff_retry_budget_left", "How many more it would allow now.");
  auto hedged = counter_family("skiff_hedged_attempts_total",
                               "Requests sent once more because their answer took long.");
  auto won = counter_family("skiff_hedged_attempts_won_total",
                            "Of these: answered before the first attempt.");
  states.visit([&](TargetState& state) {
    RetryBudget& budget = state.retry_budget();
    const Labels of{{"destination", state.name()}};
    add_value(granted, static_cast<double>(budget.granted()), of);
    add_value(refused, static_cast<double>(budget.refused()), of);
    add_value(hedged, static_cast<double>(state.hedges().sent.load()), of);
    add_value(won, static_cast<double>(state.hedges().won.load()), of);
    add_value(left, static_cast<double>(budget.left(now)), of);
  });
  add_those_with_values(families, {&granted, &refused, &hedged, &won, &left});
}

}  // namespace skiff
