#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "config/schema/resources.h"
#include "config/schema/shape.h"
#include "config/schema/sidecar.h"

namespace skiff {

// What files may hold.
struct Documents {
  Resources resources;
  std::vector<SidecarConfig> sidecars;
};

// One kind of document.
struct Kind {
  std::string_view name;
  bool is_resource;  // Belongs into a directory of policies.
  const Shape& (*shape)();
  // A new document of this kind, as the shape's fresh().
  void* (*append)(Documents& documents);
};

// All kinds that there are, in the order of the reference.
std::span<const Kind> kinds();

// The name of the kind whose documents are of type T.
template <typename T>
std::string_view kind_of() {
  return shape_of<T>()->find("kind")->type.choices.front();
}

// Null when there is no such kind.
const Kind* find_kind(std::string_view name);

}  // namespace skiff
