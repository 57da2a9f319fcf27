#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/counter.h"

namespace skiff {

// What a thread counts beside its requests. To add one: a line here and a row in counters.cpp.
enum class CounterId : std::uint8_t {
  client_connections_accepted,
  client_connections_refused,
  captured_connections_refused,
  client_connections_open,
  backend_connections_opened,
  backend_connections_failed,
  backend_connections_closed,
  backend_connections_open,
  idle_races,
  pool_waits,
  pool_waiting,
  access_log_lines_written,
  access_log_lines_dropped,
  access_log_lines_lost,
  health_checks_passed,
  health_checks_failed,
  reloads_accepted,
  reloads_refused,
  config_generation,
  plaintext_accepted,
  plaintext_refused,
  detected_tls,
  detected_http1,
  detected_http2,
  detected_bytes,
  detected_nothing,
  certificates_accepted,
  certificates_refused,
  certificate_not_after,
  count_,
};

// One row of the table of counters. Rows of one metric follow each other.
struct CounterInfo {
  enum class Type : bool { counter, gauge };
  CounterId id;
  Type type;
  std::string_view metric;
  std::string_view help;
  std::string_view label{};  // Empty: none.
  std::string_view value{};  // The label's.
};

std::span<const CounterInfo> all_counters();  // Indexed by CounterId.

// One thread's counters: that thread writes, any thread reads.
class CounterSet final {
 public:
  Counter& operator[](CounterId id) { return counters_[static_cast<std::size_t>(id)]; }
  const Counter& operator[](CounterId id) const { return counters_[static_cast<std::size_t>(id)]; }

 private:
  std::array<Counter, static_cast<std::size_t>(CounterId::count_)> counters_;
};

}  // namespace skiff
