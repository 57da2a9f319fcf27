#include "sidecar/app/bulkhead_families.h"

#include <string_view>
#include <utility>

#include "sidecar/observe/families.h"

namespace skiff {

void collect_bulkheads(PolicyStates& states, std::vector<prometheus::MetricFamily>& families) {
  auto in_use = gauge_family("skiff_bulkhead_in_use", "Requests in flight, by bulkhead.");
  auto queued = gauge_family("skiff_bulkhead_queued", "Requests that wait for room, by bulkhead.");
  auto limit = gauge_family("skiff_bulkhead_limit",
                            "How many may be in flight; of an adaptive limit, as it is now.");
  states.visit([&](TargetState& state) {
    state.bulkheads().visit(
        [&](std::string_view scope, std::string_view subject, const Bulkhead::Figures& figures) {
          const Labels labels = {{"scope", scope}, {"subject", subject}};
          add_value(in_use, figures.in_use, labels);
          add_value(queued, figures.queued, labels);
          add_value(limit, figures.limit, labels);
        });
  });
  if (in_use.metric.empty()) return;
  for (auto* family : {&in_use, &queued, &limit}) families.push_back(std::move(*family));
}

}  // namespace skiff
