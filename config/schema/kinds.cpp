#include "config/schema/kinds.h"

#include <array>

namespace skiff {
namespace {

template <typename T>
const Shape& shape() {
  return *shape_of<T>();
}

template <typename T>
void* append_to(std::vector<T>& list) {
  T& added = list.emplace_back();
  shape<T>().prepare(&added);
  return &added;
}

constexpr std::array<Kind, 5> all_kinds = {{
    {"Sidecar", false, &shape<SidecarConfig>, [](Documents& d) { return append_to(d.sidecars); }},
    {"Service", true, &shape<Service>,
     [](Documents& d) { return append_to(d.resources.services); }},
    {"Gateway", true, &shape<Gateway>,
     [](Documents& d) { return append_to(d.resources.gateways); }},
    {"HTTPRoute", true, &shape<HTTPRoute>,
     [](Documents& d) { return append_to(d.resources.http_routes); }},
    {"TrafficPolicy", true, &shape<TrafficPolicy>,
     [](Documents& d) { return append_to(d.resources.traffic_policies); }},
}};

}  // namespace

std::span<const Kind> kinds() { return all_kinds; }

const Kind* find_kind(std::string_view name) {
  for (const Kind& kind : all_kinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

}  // namespace skiff
