#pragma once

#include <prometheus/metric_family.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skiff {

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// Short hands for building what prometheus-cpp writes out. Empty label values are left out: to
// Prometheus they are the same.
prometheus::MetricFamily counter_family(std::string_view name, std::string_view help);
prometheus::MetricFamily gauge_family(std::string_view name, std::string_view help);
prometheus::MetricFamily histogram_family(std::string_view name, std::string_view help);

// Appends one value to a family of counters or gauges.
void add_value(prometheus::MetricFamily& family, double value, Labels labels = {});

// Appends those that have a value.
void add_those_with_values(std::vector<prometheus::MetricFamily>& to,
                           std::initializer_list<prometheus::MetricFamily*> families);

std::vector<prometheus::ClientMetric::Label> labels_of(Labels labels);

}  // namespace skiff
