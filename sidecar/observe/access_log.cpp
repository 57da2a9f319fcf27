#include "sidecar/observe/access_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <iterator>

#include "base/escape.h"

namespace skiff {
namespace {

// What of a client's text is told; the rest is cut off.
constexpr std::size_t most_method = 32;
constexpr std::size_t most_authority = 255;
constexpr std::size_t most_path = 1024;
constexpr std::size_t most_request_id = 128;
constexpr std::size_t milliseconds_at = 20;  // In `2026-01-31T12:00:00.000Z`.

double milliseconds(Duration took) {
  return std::chrono::duration<double, std::milli>(took).count();
}

std::string_view reason_of(const AccessRecord& record) {
  return record.reason == ErrorKind::none ? std::string_view() : about(record.reason).reason;
}

void append_member(std::string& line, std::string_view name, std::string_view value) {
  line += ",\"";
  line += name;
  line += "\":";
  append_json(line, value);
}

void append_object(std::string& line, std::string_view time, const AccessRecord& r) {
  line += R"({"time":")";
  line += time;
  line += '"';
  append_member(line, "direction", to_text(r.direction));
  append_member(line, "method", r.method.substr(0, most_method));
  append_member(line, "authority", r.authority.substr(0, most_authority));
  append_member(line, "path", r.path.substr(0, most_path));
  fmt::format_to(std::back_inserter(line), R"(,"status":{})", r.status);
  append_member(line, "reason", reason_of(r));
  fmt::format_to(std::back_inserter(line),
                 R"(,"duration_ms":{:.3f},"request_bytes":{},"response_bytes":{})",
                 milliseconds(r.took), r.request_bytes, r.response_bytes);
  append_member(line, "route", r.route);
  append_member(line, "target", r.target);
  append_member(line, "endpoint", r.endpoint);
  fmt::format_to(std::back_inserter(line), R"(,"attempts":{})", r.attempts);
  append_member(line, "client", r.client);
  append_member(line, "identity", r.identity);
  append_member(line, "policy", r.policy);
  append_member(line, "degraded", r.degraded);
  append_member(line, "request_id", r.request_id.substr(0, most_request_id));
  line += "}\n";
}

void append_pair(std::string& line, std::string_view name, std::string_view value) {
  line += name;
  append_word(line, value);
}

void append_text(std::string& line, std::string_view time, const AccessRecord& r) {
  line += time;
  append_pair(line, " ", to_text(r.direction));
  append_pair(line, " ", r.method.substr(0, most_method));
  append_pair(line, " ", r.authority.substr(0, most_authority));
  append_pair(line, " ", r.path.substr(0, most_path));
  fmt::format_to(std::back_inserter(line), " {}", r.status);
  append_pair(line, " reason=", reason_of(r));
  fmt::format_to(std::back_inserter(line), " duration_ms={:.3f} request_bytes={} response_bytes={}",
                 milliseconds(r.took), r.request_bytes, r.response_bytes);
  append_pair(line, " route=", r.route);
  append_pair(line, " target=", r.target);
  append_pair(line, " endpoint=", r.endpoint);
  fmt::format_to(std::back_inserter(line), " attempts={}", r.attempts);
  append_pair(line, " client=", r.client);
  append_pair(line, " identity=", r.identity);
  append_pair(line, " policy=", r.policy);
  append_pair(line, " degraded=", r.degraded);
  append_pair(line, " request_id=", r.request_id.substr(0, most_request_id));
  line += '\n';
}

}  // namespace

AccessLog::AccessLog(const AccessLogSettings& settings, CounterSet& counters)
    : settings_(settings),
      counters_(counters),
      random_(settings.seed),
      lines_(settings.buffer_bytes) {}

void AccessLog::write(const AccessRecord& record) {
  line_.clear();
  const bool is_json = settings_.config.format == AccessLogConfig::Format::json;
  (is_json ? append_object : append_text)(line_, time_text(), record);
  counters_[lines_.push(line_) ? CounterId::access_log_lines_written
                               : CounterId::access_log_lines_dropped]
      .add();
}

std::string_view AccessLog::time_text() {
  using std::chrono::floor;
  const WallTime now = settings_.wall_clock();
  const auto second = floor<std::chrono::seconds>(now);
  const std::int64_t number = second.time_since_epoch().count();
  if (number != time_second_) {
    time_second_ = number;
    time_ = fmt::format("{:%Y-%m-%dT%H:%M:%S}.000Z", fmt::gmtime(static_cast<std::time_t>(number)));
  }
  auto rest = static_cast<unsigned>(floor<std::chrono::milliseconds>(now - second).count());
  for (std::size_t i = 3; i-- > 0; rest /= 10) {
    time_[milliseconds_at + i] = static_cast<char>('0' + rest % 10);
  }
  return time_;
}

}  // namespace skiff
