#include "sidecar/observe/families.h"

namespace skiff {
namespace {

prometheus::MetricFamily family_of(prometheus::MetricType type, std::string_view name,
                                   std::string_view help) {
  return {.name = std::string(name), .help = std::string(help), .type = type, .metric = {}};
}

}  // namespace

prometheus::MetricFamily counter_family(std::string_view name, std::string_view help) {
  return family_of(prometheus::MetricType::Counter, name, help);
}

prometheus::MetricFamily gauge_family(std::string_view name, std::string_view help) {
  return family_of(prometheus::MetricType::Gauge, name, help);
}

prometheus::MetricFamily histogram_family(std::string_view name, std::string_view help) {
  return family_of(prometheus::MetricType::Histogram, name, help);
}

void add_value(prometheus::MetricFamily& family, double value, Labels labels) {
  prometheus::ClientMetric metric;
  metric.label = labels_of(labels);
  if (family.type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family.metric.push_back(std::move(metric));
}

void add_those_with_values(std::vector<prometheus::MetricFamily>& to,
                           std::initializer_list<prometheus::MetricFamily*> families) {
  for (prometheus::MetricFamily* const family : families) {
    if (!family->metric.empty()) to.push_back(std::move(*family));
  }
}

std::vector<prometheus::ClientMetric::Label> labels_of(Labels labels) {
  std::vector<prometheus::ClientMetric::Label> made;
  made.reserve(labels.size());
  for (const auto& [name, value] : labels) {
    if (!value.empty()) made.push_back({std::string(name), std::string(value)});
  }
  return made;
}

}  // namespace skiff
