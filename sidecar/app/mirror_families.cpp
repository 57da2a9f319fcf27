#include "sidecar/app/mirror_families.h"

#include "sidecar/observe/families.h"

namespace skiff {

void collect_mirrors(PolicyStates& states, std::vector<prometheus::MetricFamily>& families) {
  auto copies = counter_family("skiff_mirrored_total",
                               "Copies of requests for a mirror, by what became of them.");
  states.visit([&](TargetState& state) {
    const MirrorCounts& counts = state.mirrors();
    if (!counts.is_used()) return;
    const auto count = [&](const char* outcome, std::uint64_t value) {
      add_value(copies, static_cast<double>(value),
                {{"destination", state.name()}, {"outcome", outcome}});
    };
    count("answered", counts.answered);
    count("failed", counts.failed);
    count("not_whole", counts.not_whole);
    count("too_many", counts.too_many);
  });
  if (!copies.metric.empty()) families.push_back(std::move(copies));
}

}  // namespace skiff
