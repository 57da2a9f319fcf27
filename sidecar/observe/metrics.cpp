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
  collect_handshakes(families);
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

void Metrics::collect_handshakes(std::vector<prometheus::MetricFamily>& families) const {
  using Role = TlsRequest::Role;
  families.push_back(counter_family("skiff_tls_server_handshakes_total",
                                    "TLS handshakes with clients by result."));
  families.push_back(counter_family("skiff_tls_client_handshakes_total",
                                    "TLS handshakes with backends by result."));
  const auto family = families.end() - 2;
  for (std::size_t i = 0; i < HandshakeCounters::ends; ++i) {
    const auto end = static_cast<TlsFailure>(i);
    const std::string_view result = end == TlsFailure::none ? "ok" : about(error_kind(end)).reason;
    std::uint64_t server = 0;
    std::uint64_t client = 0;
    for (const auto& worker : workers_) {
      server += worker->handshakes.of(Role::server, end).get();
      client += worker->handshakes.of(Role::client, end).get();
    }
    add_value(family[0], static_cast<double>(server), {{"result", result}});
    add_value(family[1], static_cast<double>(client), {{"result", result}});
  }
}

std::string metrics_text(const prometheus::Collectable& metrics) {
  return prometheus::TextSerializer().Serialize(metrics.Collect());
}

}  // namespace skiff
