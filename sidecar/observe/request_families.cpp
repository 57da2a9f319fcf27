#include "sidecar/observe/request_families.h"

#include <limits>
#include <map>

#include "sidecar/observe/families.h"

namespace skiff {
namespace {

// One series, summed over the workers.
struct Sums {
  std::uint64_t started = 0;
  std::uint64_t finished = 0;
  std::uint64_t attempts = 0;
  std::uint64_t retries = 0;
  std::uint64_t request_bytes = 0;
  std::uint64_t response_bytes = 0;
  std::array<std::uint64_t, status_classes> answered{};
  std::map<std::pair<unsigned, ErrorKind>, std::uint64_t> reasons;
  std::uint64_t rest = 0;
  std::array<std::uint64_t, LatencyCells::size> latency{};
  std::uint64_t latency_nanoseconds = 0;

  void add(const RequestCells& cells);
  void add(const ReasonCells& cells);
};

void Sums::add(const RequestCells& cells) {
  finished += cells.finished.get();  // Before `started`, so that no gauge falls below zero.
  started += cells.started.get();
  attempts += cells.attempts.get();
  retries += cells.retries.get();
  request_bytes += cells.request_bytes.get();
  response_bytes += cells.response_bytes.get();
  for (std::size_t i = 0; i < status_classes; ++i) answered[i] += cells.answered[i].get();
  add(cells.reasons);
  for (std::size_t i = 0; i < LatencyCells::size; ++i) latency[i] += cells.latency.count(i);
  latency_nanoseconds += cells.latency.sum_nanoseconds();
}

void Sums::add(const ReasonCells& cells) {
  cells.for_each([this](unsigned status_class, ErrorKind reason, std::uint64_t count) {
    if (count > 0) reasons[{status_class, reason}] += count;
  });
  rest += cells.rest();
}

std::string_view code_label(std::size_t status_class) {
  constexpr std::array<std::string_view, status_classes> names{"none", "1xx", "2xx",
                                                               "3xx",  "4xx", "5xx"};
  return names[status_class];
}

struct Families {
  prometheus::MetricFamily requests = counter_family(
      "skiff_requests_total",
      "Requests that ended, by class of status and, where the backend's answer was not passed on "
      "whole, by reason. Without a route: refused before one was looked for, or none matched.");
  prometheus::MetricFamily started =
      counter_family("skiff_requests_started_total", "Requests that were given a route.");
  prometheus::MetricFamily in_flight =
      gauge_family("skiff_requests_in_flight", "Requests that have a route and did not end yet.");
  prometheus::MetricFamily duration = histogram_family(
      "skiff_request_duration_seconds",
      "From the request's head to the end of the answer's body; tunnels are not in it.");
  prometheus::MetricFamily attempts =
      counter_family("skiff_request_attempts_total", "Requests sent to backends, retries too.");
  prometheus::MetricFamily retries =
      counter_family("skiff_request_retries_total", "Requests sent to backends again.");
  prometheus::MetricFamily request_bytes =
      counter_family("skiff_request_body_bytes_total", "Bytes of request bodies passed on.");
  prometheus::MetricFamily response_bytes =
      counter_family("skiff_response_body_bytes_total", "Bytes of answer bodies passed on.");
};

// `make(extra)` gives the series' labels followed by `extra`.
template <typename Make>
void add_ends(prometheus::MetricFamily& family, const Sums& sums, Make&& make) {
  for (std::size_t i = 0; i < status_classes; ++i) {
    if (sums.answered[i] > 0) make(family, sums.answered[i], code_label(i), "");
  }
  for (const auto& [pair, count] : sums.reasons) {
    make(family, count, code_label(pair.first), about(pair.second).reason);
  }
  if (sums.rest > 0) make(family, sums.rest, "none", "other");
}

// The cells of one doubling make one bucket, and a cell's bound is exact.
prometheus::ClientMetric::Histogram histogram_of(const Sums& sums) {
  prometheus::ClientMetric::Histogram histogram;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < LatencyCells::size; ++i) {
    count += sums.latency[i];
    const bool is_last = i + 1 == LatencyCells::size;
    if (!is_last && i % LatencyCells::sub_cells != LatencyCells::sub_cells - 1) continue;
    const double bound = is_last
                             ? std::numeric_limits<double>::infinity()
                             : std::chrono::duration<double>(LatencyCells::upper_bound(i)).count();
    histogram.bucket.push_back({count, bound});
  }
  histogram.sample_count = count;
  histogram.sample_sum = static_cast<double>(sums.latency_nanoseconds) / 1e9;
  return histogram;
}

void add_series(Families& families, const SeriesLabels& of, const Sums& sums) {
  const auto direction = to_text(of.direction);
  const auto put = [&](prometheus::MetricFamily& family, std::uint64_t value) {
    add_value(family, static_cast<double>(value),
              {{"direction", direction},
               {"source", of.source},
               {"destination", of.destination},
               {"route", of.route}});
  };
  add_ends(families.requests, sums,
           [&](auto& family, std::uint64_t count, std::string_view code, std::string_view reason) {
             add_value(family, static_cast<double>(count),
                       {{"direction", direction},
                        {"source", of.source},
                        {"destination", of.destination},
                        {"route", of.route},
                        {"code", code},
                        {"reason", reason}});
           });
  put(families.started, sums.started);
  put(families.in_flight, sums.started - std::min(sums.started, sums.finished));
  put(families.attempts, sums.attempts);
  put(families.retries, sums.retries);
  put(families.request_bytes, sums.request_bytes);
  put(families.response_bytes, sums.response_bytes);
  prometheus::ClientMetric duration;
  duration.label = labels_of({{"direction", direction},
                              {"source", of.source},
                              {"destination", of.destination},
                              {"route", of.route}});
  duration.histogram = histogram_of(sums);
  families.duration.metric.push_back(std::move(duration));
}

void add_unrouted(Families& families, std::span<const std::unique_ptr<WorkerMetrics>> workers) {
  for (std::size_t i = 0; i < directions; ++i) {
    const auto direction = static_cast<Direction>(i);
    Sums sums;
    for (const auto& worker : workers) sums.add(worker->unrouted(direction));
    add_ends(families.requests, sums,
             [&](auto& family, std::uint64_t count, std::string_view code, std::string_view why) {
               add_value(family, static_cast<double>(count),
                         {{"direction", to_text(direction)}, {"code", code}, {"reason", why}});
             });
  }
}

}  // namespace

void collect_requests(const SeriesTable& series,
                      std::span<const std::unique_ptr<WorkerMetrics>> workers,
                      std::vector<prometheus::MetricFamily>& families) {
  Families all;
  for (const auto& one : series.all()) {
    Sums sums;
    for (std::size_t worker = 0; worker < series.workers(); ++worker) {
      sums.add(one->of_worker(worker));
    }
    if (sums.started > 0 || sums.finished > 0) add_series(all, one->labels(), sums);
  }
  add_unrouted(all, workers);
  add_those_with_values(families,
                        {&all.requests, &all.started, &all.in_flight, &all.duration, &all.attempts,
                         &all.retries, &all.request_bytes, &all.response_bytes});
  auto dropped = counter_family("skiff_series_dropped_total",
                                "Sets of labels beyond the cap, whose requests count as `other`.");
  add_value(dropped, static_cast<double>(series.dropped()));
  families.push_back(std::move(dropped));
}

}  // namespace skiff
