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
  states.visit([&](TargetState& state) {
    RetryBudget& budget = state.retry_budget();
    const Labels of{{"destination", state.name()}};
    add_value(granted, static_cast<double>(budget.granted()), of);
    add_value(refused, static_cast<double>(budget.refused()), of);
    add_value(left, static_cast<double>(budget.left(now)), of);
  });
  for (auto* family : {&granted, &refused, &left}) {
    if (!family->metric.empty()) families.push_back(std::move(*family));
  }
}

}  // namespace skiff
