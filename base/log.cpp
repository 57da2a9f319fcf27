#include "base/log.h"

#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <spdlog/details/log_msg.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "base/escape.h"

namespace skiff::log {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Component::count_)> components{
    "sidecar", "config",    "listener", "route",      "policy",        "balance", "pool",
    "health",  "transport", "admin",    "access_log", "control_plane", "shop"};
constexpr std::array<std::string_view, 6> levels_by_name{"trace", "debug", "info",
                                                         "warn",  "error", "off"};

// Writes a line only where the descriptor takes it at once. A pipe that is ready for writing takes
// PIPE_BUF bytes without waiting (pipe(7)), so no line is longer.
class PatientSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void set_descriptor(int descriptor) {
    const std::lock_guard lock(mutex_);
    descriptor_ = descriptor;
  }

  // How many lines were dropped since the start, where that is news and can be told now; else 0.
  std::uint64_t dropped_to_tell() {
    const std::lock_guard lock(mutex_);
    if (!last_was_written_ || told_ == dropped_) return 0;
    return told_ = dropped_;
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    last_was_written_ = can_write() && put(message);
    if (!last_was_written_) ++dropped_;
  }
  void flush_() override {}

  bool can_write() const {
    pollfd ready{.fd = descriptor_, .events = POLLOUT, .revents = 0};
    return ::poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0;
  }

  bool put(const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (line.size() > PIPE_BUF) {
      line.resize(PIPE_BUF);
      line[PIPE_BUF - 1] = '\n';
    }
    return ::write(descriptor_, line.data(), line.size()) > 0;
  }

  int descriptor_ = STDERR_FILENO;
  bool last_was_written_ = false;
  std::uint64_t dropped_ = 0;
  std::uint64_t told_ = 0;  // What dropped_ was when it was last told.
};

std::unique_ptr<spdlog::formatter> formatter_for(Format format) {
  const char* const pattern = format == Format::json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v})"
                                                     : "%Y-%m-%dT%H:%M:%S.%eZ %v";
  return std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc, "\n");
}

struct Output {
  Output() { sink.set_formatter(formatter_for(Format::text)); }

  PatientSink sink;
  std::atomic<Format> format = Format::text;
};

Output& output() {
  static Output* const only = new Output;  // Never destroyed: others may log until the very end.
  return *only;
}

void append_text(std::string& line, Component component, Level level, std::string_view message,
                 Fields fields) {
  line += to_text(level);
  line += ' ';
  line += to_text(component);
  line += ' ';
  append_printable(line, message);
  for (const Field& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_word(line, field.value);
  }
}

void append_object(std::string& line, Component component, Level level, std::string_view message,
                   Fields fields) {
  line += R"("level":")";
  line += to_text(level);
  line += R"(","component":")";
  line += to_text(component);
  line += R"(","message":)";
  append_json(line, message);
  for (const Field& field : fields) {
    line += ',';
    append_json(line, field.key);
    line += ':';
    append_json(line, field.value);
  }
}

void put(Component component, Level level, std::string_view message, Fields fields) {
  std::string line;
  const bool is_json = output().format.load(std::memory_order_relaxed) == Format::json;
  (is_json ? append_object : append_text)(line, component, level, message, fields);
  output().sink.log({{}, spdlog::level::info, line});
}

template <typename T, std::size_t size>
std::optional<T> find(const std::array<std::string_view, size>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return {};
  return static_cast<T>(found - names.begin());
}

}  // namespace

void set_format(Format format) {
  output().format.store(format, std::memory_order_relaxed);
  output().sink.set_formatter(formatter_for(format));
}

void set_output(int descriptor) { output().sink.set_descriptor(descriptor); }

void set_level(Level level) {
  for (auto& cell : detail::levels) cell.level.store(level, std::memory_order_relaxed);
}

void set_level(Component component, Level level) {
  detail::levels[static_cast<std::size_t>(component)].level.store(level, std::memory_order_relaxed);
}

Level level_of(Component component) {
  return detail::levels[static_cast<std::size_t>(component)].level.load(std::memory_order_relaxed);
}

std::string_view to_text(Component component) {
  return components[static_cast<std::size_t>(component)];
}
std::string_view to_text(Level level) { return levels_by_name[static_cast<std::size_t>(level)]; }
std::optional<Component> find_component(std::string_view name) {
  return find<Component>(components, name);
}
std::optional<Level> find_level(std::string_view name) { return find<Level>(levels_by_name, name); }
std::span<const std::string_view> component_names() { return components; }
std::span<const std::string_view> level_names() { return levels_by_name; }

void detail::write(Component component, Level level, Fields fields, fmt::string_view format,
                   fmt::format_args args) {
  put(component, level, fmt::vformat(format, args), fields);
  if (const std::uint64_t dropped = output().sink.dropped_to_tell(); dropped > 0) {
    put(Component::sidecar, Level::warn, "the process log dropped lines",
        {{"since_start", dropped}});
  }
}

}  // namespace skiff::log
