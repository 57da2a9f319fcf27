#include "sidecar/observe/labelled_counters.h"

#include <utility>

#include "sidecar/observe/families.h"

namespace skiff {

LabelledCounters::LabelledCounters(std::string_view metric, std::string_view help,
                                   std::vector<std::string_view> labels, std::size_t most,
                                   double unit)
    : metric_(metric), help_(help), labels_(std::move(labels)), most_(most), unit_(unit) {}

LabelledCounters::Cell& LabelledCounters::at(const std::vector<std::string>& values) {
  const std::lock_guard lock(mutex_);
  const auto found = cells_.find(values);
  if (found != cells_.end()) return found->second;
  if (cells_.size() < most_) return cells_[values];
  return cells_[std::vector<std::string>(labels_.size(), "other")];
}

void LabelledCounters::visit(const Visit& visit) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [values, cell] : cells_) visit(values, cell.load(std::memory_order_relaxed));
}

void LabelledCounters::collect(std::vector<prometheus::MetricFamily>& families) const {
  const std::lock_guard lock(mutex_);
  if (cells_.empty()) return;
  prometheus::MetricFamily family = counter_family(metric_, help_);
  for (const auto& [values, cell] : cells_) {
    prometheus::ClientMetric& metric = family.metric.emplace_back();
    metric.counter.value = static_cast<double>(cell.load(std::memory_order_relaxed)) * unit_;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      if (!values[i].empty()) metric.label.push_back({std::string(labels_[i]), values[i]});
    }
  }
  families.push_back(std::move(family));
}

}  // namespace skiff
