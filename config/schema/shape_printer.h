#pragma once

#include <string>

#include "config/schema/shape.h"
#include "config/schema/tree.h"

namespace skiff {

// What must be written so that reading it gives `object` again; what is as by default is left out.
Tree to_tree(const Shape& shape, const void* object);

template <typename T>
Tree to_tree(const T& object) {
  return to_tree(*shape_of<T>(), &object);
}

// Whether two values of a type say the same.
bool is_equal(const Type& type, const void* one, const void* other);

// Whether `field` belongs to the variant that `object` is of, and no other stands instead of it;
// true of a field of no variant.
bool belongs(const Shape& shape, const ShapeField& field, const void* object);

}  // namespace skiff
