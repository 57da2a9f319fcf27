#include "sidecar/observe/metrics.h"

#include <prometheus/text_serializer.h>

#include "sidecar/observe/families.h"
#include "sidecar/observe/process_families.h"
#include "sidecar/observe/request_families.h"

namespace skiff {

Metrics::Metrics(const MetricsSettings& settings)
    : series_(settings.workers, settings.most_series) {
  for (std::size_t i = 0; i < settings.workers; ++i) {
    workers_.push_back(std::make_unique<WorkerMetrics>(series_, named_, i));
  }
}

std::vector<prometheus::MetricFamily> Metrics::Collect() const {
  std::vector<prometheus::MetricFamily> families;
  collect_requests(series_, workers_, families);
  collect_counters(families);
  named_.collect(families);
  for (const Source& source : sources_) source(families);
  auto build = gauge_family("skiff_build_info", "The version that runs; always 1.");
  add_value(build, 1, {{"version", SKIFF_VERSION}});
  families.push_back(std::move(build));
  collect_process(families);
  return families;
}

void Metrics::collect_counters(std::vector<prometheus::MetricFamily>& families) const {
  for (const CounterInfo& info : all_counters()) {
    std::uint64_t sum = control_[info.id].get();
    for (const auto& worker : workers_) sum += worker->counters[info.id].get();
    if (families.empty() || families.back().name != info.metric) {
      families.push_back(info.type == CounterInfo::Type::counter
                             ? counter_family(info.metric, info.help)
                             : gauge_family(info.metric, info.help));
    }
    add_value(families.back(), static_cast<double>(sum), {{info.label, info.value}});
  }
}

std::string metrics_text(const prometheus::Collectable& metrics) {
  return prometheus::TextSerializer().Serialize(metrics.Collect());
}

}  // namespace skiff
