#include "sidecar/app/ready_families.h"

#include "sidecar/observe/families.h"

namespace skiff {

void collect_readiness(PolicyStates& states, std::vector<prometheus::MetricFamily>& families) {
  auto waiting =
      gauge_family("skiff_ready_waiting",
                   "Requests that wait for an endpoint that accepts a connection, or look whether "
                   "one does.");
  auto waited = counter_family("skiff_ready_waits_total", "Requests that had to wait so.");
  auto in_vain = counter_family("skiff_ready_waits_in_vain_total",
                                "Of these: requests that failed all the same, as none did.");
  auto full = counter_family("skiff_ready_waits_full_total",
                             "Requests that would have, but for waitForReady.maxWaiting.");
  states.visit([&](TargetState& state) {
    const Readiness::Figures now = state.readiness().figures();
    if (now.waited == 0 && now.full == 0) return;
    const Labels of{{"destination", state.name()}};
    add_value(waiting, now.waiting, of);
    add_value(waited, static_cast<double>(now.waited), of);
    add_value(in_vain, static_cast<double>(now.in_vain), of);
    add_value(full, static_cast<double>(now.full), of);
  });
  add_those_with_values(families, {&waiting, &waited, &in_vain, &full});
}

}  // namespace skiff
