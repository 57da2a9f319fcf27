#pragma once

#include <fmt/core.h>

#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace skiff {

// Who writes to the process log. Each has its own level.
enum class Component : std::uint8_t {
  sidecar,
  config,
  listener,
  route,
  policy,
  balance,
  pool,
  health,
  transport,
  admin,
  access_log,
  control_plane,
  shop,
  count_
};

}  // namespace skiff

// The process log: what happened to the process, for its operator; one line an event, to stderr.
//   2026-01-31T12:00:00.123Z warn pool backend refused endpoint=10.0.0.7:80 attempts=2
// Not for requests (the access log is) nor for secrets. Any thread may write and change levels. A
// line below its component's level costs one relaxed load. Writing never waits for the reader of
// stderr: what does not fit is dropped and counted in the next line that does.
namespace skiff::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error, off };
enum class Format : std::uint8_t { text, json };

// A value beside the message that machines may look for.
struct Field {
  Field(std::string_view name, std::string_view text) : key(name), value(text) {}
  Field(std::string_view name, std::integral auto number)
      : key(name), value(std::to_string(number)) {}

  std::string_view key;  // snake_case.
  std::string value;
};
using Fields = std::initializer_list<Field>;

void set_format(Format format);  // Standard: text.
// Where lines go; standard: 2. The descriptor stays the caller's.
void set_output(int descriptor);

void set_level(Level level);  // Of all components. Standard: info.
void set_level(Component component, Level level);
Level level_of(Component component);

// Names as written in configuration: `pool`, `warn`.
std::string_view to_text(Component component);
std::string_view to_text(Level level);
std::optional<Component> find_component(std::string_view name);
std::optional<Level> find_level(std::string_view name);
std::span<const std::string_view> component_names();  // Indexed by Component.
std::span<const std::string_view> level_names();      // Indexed by Level.

namespace detail {

struct LevelCell {
  std::atomic<Level> level = Level::info;
};
inline constinit std::array<LevelCell, static_cast<std::size_t>(Component::count_)> levels{};

void write(Component component, Level level, Fields fields, fmt::string_view format,
           fmt::format_args args);

}  // namespace detail

inline bool is_enabled(Component component, Level level) {
  const auto& cell = detail::levels[static_cast<std::size_t>(component)];
  return level >= cell.level.load(std::memory_order_relaxed);
}

template <typename... Args>
void write(Component component, Level level, Fields fields, fmt::format_string<Args...> format,
           Args&&... args) {
  if (!is_enabled(component, level)) return;
  detail::write(component, level, fields, format, fmt::make_format_args(args...));
}

// log::warn(Component::pool, "gave up after {} attempts", n);
// log::warn(Component::pool, {{"endpoint", address}}, "backend refused");
template <typename... Args>
void debug(Component component, fmt::format_string<Args...> format, Args&&... args) {
  write(component, Level::debug, {}, format, std::forward<Args>(args)...);
}
template <typename... Args>
void info(Component component, fmt::format_string<Args...> format, Args&&... args) {
  write(component, Level::info, {}, format, std::forward<Args>(args)...);
}
template <typename... Args>
void warn(Component component, fmt::format_string<Args...> format, Args&&... args) {
  write(component, Level::warn, {}, format, std::forward<Args>(args)...);
}
template <typename... Args>
void error(Component component, fmt::format_string<Args...> format, Args&&... args) {
  write(component, Level::error, {}, format, std::forward<Args>(args)...);
}

template <typename... Args>
void debug(Component component, Fields fields, fmt::format_string<Args...> format, Args&&... args) {
  write(component, Level::debug, fields, format, std::forward<Args>(args)...);
}
template <typename... Args>
void info(Component component, Fields fields, fmt::format_string<Args...> format, Args&&... args) {
  write(component, Level::info, fields, format, std::forward<Args>(args)...);
}
template <typename... Args>
void warn(Component component, Fields fields, fmt::format_string<Args...> format, Args&&... args) {
  write(component, Level::warn, fields, format, std::forward<Args>(args)...);
}
template <typename... Args>
void error(Component component, Fields fields, fmt::format_string<Args...> format, Args&&... args) {
  write(component, Level::error, fields, format, std::forward<Args>(args)...);
}

}  // namespace skiff::log
