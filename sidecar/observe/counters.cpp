#include "sidecar/observe/counters.h"

namespace skiff {
namespace {

using Id = CounterId;
constexpr auto counter = CounterInfo::Type::counter;
constexpr auto gauge = CounterInfo::Type::gauge;
constexpr std::string_view lines = "skiff_access_log_lines_total";
constexpr std::string_view lines_help =
    "Access log lines by fate: written to the worker's buffer, or dropped as it was full.";
constexpr std::string_view checks = "skiff_health_checks_total";
constexpr std::string_view checks_help = "Active health checks by result.";
constexpr std::string_view reloads = "skiff_config_reloads_total";
constexpr std::string_view reloads_help = "Changes of the configuration by result.";

constexpr std::string_view plaintext = "skiff_plaintext_connections_total";
constexpr std::string_view plaintext_help =
    "Connections in plain text to ports that take mutual TLS, by what became of them.";
constexpr std::string_view detected = "skiff_detected_connections_total";
constexpr std::string_view detected_help =
    "Connections whose protocol was found out by their first bytes, by what they speak.";
constexpr std::string_view certificates = "skiff_certificate_reloads_total";
constexpr std::string_view certificates_help = "Changes of the certificate files by result.";

constexpr CounterInfo table[] = {
    {Id::client_connections_accepted, counter, "skiff_client_connections_accepted_total",
     "Connections accepted from clients."},
    {Id::client_connections_refused, counter, "skiff_client_connections_refused_total",
     "Connections from clients closed at once, as there were too many."},
    {Id::captured_connections_refused, counter, "skiff_captured_connections_refused_total",
     "Captured connections closed at once, as they were meant for the sidecar itself or for nobody "
     "knows what."},
    {Id::client_connections_open, gauge, "skiff_client_connections",
     "Connections from clients that are open."},
    {Id::backend_connections_opened, counter, "skiff_backend_connections_opened_total",
     "Connections made to backends."},
    {Id::backend_connections_failed, counter, "skiff_backend_connections_failed_total",
     "Connections to backends that could not be made."},
    {Id::backend_connections_closed, counter, "skiff_backend_connections_closed_total",
     "Connections to backends closed by either side."},
    {Id::backend_connections_open, gauge, "skiff_backend_connections",
     "Connections to backends that are open."},
    {Id::idle_races, counter, "skiff_idle_races_total",
     "Requests that met a connection which the backend was closing for lying idle."},
    {Id::pool_waits, counter, "skiff_pool_waits_total",
     "Requests that had to wait for a backend connection."},
    {Id::pool_waiting, gauge, "skiff_pool_waiting",
     "Requests that are waiting for a backend connection."},
    {Id::access_log_lines_written, counter, lines, lines_help, "fate", "written"},
    {Id::access_log_lines_dropped, counter, lines, lines_help, "fate", "dropped"},
    {Id::access_log_lines_lost, counter, "skiff_access_log_lines_lost_total",
     "Access log lines that could not be written to their file, such as to a full disk."},
    {Id::health_checks_passed, counter, checks, checks_help, "result", "passed"},
    {Id::health_checks_failed, counter, checks, checks_help, "result", "failed"},
    {Id::reloads_accepted, counter, reloads, reloads_help, "result", "accepted"},
    {Id::reloads_refused, counter, reloads, reloads_help, "result", "refused"},
    {Id::config_generation, gauge, "skiff_config_generation",
     "Grows by one with each configuration that is put in force."},
    {Id::plaintext_accepted, counter, plaintext, plaintext_help, "fate", "accepted"},
    {Id::plaintext_refused, counter, plaintext, plaintext_help, "fate", "refused"},
    {Id::detected_tls, counter, detected, detected_help, "protocol", "tls"},
    {Id::detected_http1, counter, detected, detected_help, "protocol", "http1"},
    {Id::detected_http2, counter, detected, detected_help, "protocol", "http2"},
    {Id::detected_bytes, counter, detected, detected_help, "protocol", "bytes"},
    {Id::detected_nothing, counter, detected, detected_help, "protocol", "nothing"},
    {Id::certificates_accepted, counter, certificates, certificates_help, "result", "accepted"},
    {Id::certificates_refused, counter, certificates, certificates_help, "result", "refused"},
    {Id::certificate_not_after, gauge, "skiff_certificate_not_after_seconds",
     "When this sidecar's own certificate expires, in seconds since 1970."},
};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < std::size(table); ++i) {
    if (static_cast<std::size_t>(table[i].id) != i) return false;
  }
  return std::size(table) == static_cast<std::size_t>(Id::count_);
}
static_assert(is_in_order(), "one row for each CounterId, in its order");

}  // namespace

std::span<const CounterInfo> all_counters() { return table; }

}  // namespace skiff
