#include "sidecar/app/ejection_families.h"

#include "sidecar/observe/families.h"

namespace skiff {

void collect_ejections(PolicyStates& states, TimePoint now,
                       std::vector<prometheus::MetricFamily>& families) {
  auto ejected = gauge_family("skiff_outlier_ejected",
                              "1 for each endpoint that is left out because it failed.");
  auto panic = gauge_family("skiff_panic",
                            "1 for each target whose endpoints are all used, as fewer than "
                            "panicThreshold are available.");
  states.visit([&](TargetState& state) {
    if (state.panics()) add_value(panic, 1, {{"subject", state.name()}});
    OutlierEjection* const ejection = state.ejection().get();
    if (ejection == nullptr) return;
    ejection->version(now);  // Whose time is over comes back, though nobody calls.
    ejection->visit(
        [&](const std::string& address, const OutlierEjection::Figures& figures) {
          if (!figures.ejected) return;
          add_value(ejected, 1, {{"subject", state.name()}, {"endpoint", address}});
        },
        now);
  });
  add_those_with_values(families, {&ejected, &panic});
}

}  // namespace skiff
