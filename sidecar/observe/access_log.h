#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.h"
#include "config/schema/sidecar.h"
#include "sidecar/http/error.h"
#include "sidecar/observe/counters.h"
#include "sidecar/observe/line_buffer.h"
#include "sidecar/observe/series.h"

namespace skiff {

// One request that ended, as the access log tells it. The query is never told: tokens and personal
// data are often in it. Nor are header fields, but the request's id.
struct AccessRecord {
  Direction direction = Direction::inbound;
  std::string_view method{};
  std::string_view authority{};
  std::string_view path{};  // Canonical, as the client asked for it.
  unsigned status = 0;
  ErrorKind reason = ErrorKind::none;
  Duration took{};
  std::uint64_t request_bytes = 0;
  std::uint64_t response_bytes = 0;
  std::string_view route{};
  std::string_view target{};
  std::string_view endpoint{};
  unsigned attempts = 0;
  std::string_view client{};
  std::string_view identity{};  // That the client proved.
  std::string_view policy{};    // The rule that let it through or refused it.
  std::string_view degraded{};  // Which fallback answered; empty: none.
  std::string_view request_id{};
};

using WallTime = std::chrono::system_clock::time_point;

struct AccessLogSettings {
  AccessLogConfig config;
  std::uint64_t seed = 0;  // For what is sampled.
  std::size_t buffer_bytes = 256 * 1024;
  // When a request ended, for its line; asked only for lines that are written.
  WallTime (*wall_clock)() = std::chrono::system_clock::now;
};

// One worker's side of the access log: chooses, formats, and leaves the line in a bounded buffer
// that AccessLogWriter empties. A line that finds no room is dropped and counted; nothing waits.
class AccessLog final {
 public:
  AccessLog(const AccessLogSettings& settings, CounterSet& counters);

  // Whether this request is to be told; asks the dice for `sampled`, so once a request. Errors are
  // those with a reason or a status of 500 and above.
  bool wants(unsigned status, ErrorKind reason) {
    if (settings_.config.mode == AccessLogConfig::Mode::all) return true;
    if (settings_.config.mode == AccessLogConfig::Mode::off) return false;
    if (status >= 500 || reason != ErrorKind::none) return true;
    return settings_.config.mode == AccessLogConfig::Mode::sampled &&
           random_.unit() < settings_.config.sample.value;
  }

  void write(const AccessRecord& record);

  LineBuffer& lines() { return lines_; }

 private:
  std::string_view time_text();

  const AccessLogSettings settings_;
  CounterSet& counters_;
  Random random_;
  LineBuffer lines_;
  std::string line_;  // Kept for its memory.
  std::string time_;  // `2026-01-31T12:00:00.000Z`; all but the milliseconds change once a second.
  std::int64_t time_second_ = -1;
};

}  // namespace skiff
