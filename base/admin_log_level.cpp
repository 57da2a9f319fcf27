#include "base/admin_log_level.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/log.h"

namespace skiff {
namespace {

AdminAnswer show_levels(const AdminRequest&) {
  std::string text;
  for (const std::string_view name : log::component_names()) {
    text += fmt::format("{} {}\n", name, log::to_text(log::level_of(*log::find_component(name))));
  }
  return admin_text(std::move(text));
}

AdminAnswer set_levels(const AdminRequest& request) {
  const auto level = log::find_level(request.parameter("level").value_or(""));
  if (!level) {
    return admin_text(fmt::format("level must be one of {}\n", fmt::join(log::level_names(), ", ")),
                      400);
  }
  const auto named = request.parameter("component");
  if (!named) {
    log::set_level(*level);
    return show_levels(request);
  }
  const auto component = log::find_component(*named);
  if (!component) {
    return admin_text(
        fmt::format("component must be one of {}\n", fmt::join(log::component_names(), ", ")), 400);
  }
  log::set_level(*component, *level);
  return show_levels(request);
}

}  // namespace

void add_log_level(AdminTable& table) {
  table.add_page("/log-level", "the process log's levels, by component", show_levels);
  table.add_change("/log-level", "?level=LEVEL[&component=NAME] sets one or all of them",
                   set_levels);
}

}  // namespace skiff
