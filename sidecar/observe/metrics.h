#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sidecar/observe/series.h"
#include "sidecar/observe/worker_metrics.h"

namespace skiff {

struct MetricsSettings {
  std::size_t workers = 1;
  std::size_t most_series = 1000;  // Of requests: sets of labels.
};

// All that the process counts, summed over its workers whenever it is asked. Belongs to the control
// thread, which alone calls it; the workers go on counting meanwhile.
class Metrics final : public prometheus::Collectable {
 public:
  using Source = std::function<void(std::vector<prometheus::MetricFamily>&)>;

  explicit Metrics(const MetricsSettings& settings);

  WorkerMetrics& worker(std::size_t index) { return *workers_[index]; }
  NamedCounters& named() { return named_; }
  CounterSet& control() { return control_; }  // What the control thread counts.

  // Adds to every answer what `source` appends then; for gauges that another part knows.
  void add(Source source) { sources_.push_back(std::move(source)); }

  // Forgets idle series; call it about once a minute.
  void expire(TimePoint now) { series_.expire(now); }

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  void collect_counters(std::vector<prometheus::MetricFamily>& families) const;
  void collect_handshakes(std::vector<prometheus::MetricFamily>& families) const;

  SeriesTable series_;
  NamedCounters named_;
  std::vector<std::unique_ptr<WorkerMetrics>> workers_;
  CounterSet control_;
  std::vector<Source> sources_;
};

// What a scraper is given, in the text format of Prometheus.
std::string metrics_text(const prometheus::Collectable& metrics);
inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4";

}  // namespace skiff
