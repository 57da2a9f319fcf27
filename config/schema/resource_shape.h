#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "config/schema/shape.h"

namespace skiff {

// What every document of a kind begins and ends with; `spec` is what is its own.
template <typename Resource>
Shape describe_resource(std::string_view kind, std::vector<std::string_view> versions,
                        std::string_view doc, Shape spec) {
  Shape shape = Shape::of<Resource>(doc);
  shape.constant("apiVersion", std::move(versions), "The version of this kind.");
  shape.constant("kind", {kind}, "This kind.");
  shape.field("metadata", &Resource::metadata, "Its name.").required();
  shape.part("spec", std::move(spec), "What it says.").required();
  shape.position(&Resource::position);
  return shape;
}

}  // namespace skiff
