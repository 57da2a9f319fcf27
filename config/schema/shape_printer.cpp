#include "config/schema/shape_printer.h"

#include <algorithm>

#include "config/schema/scalars.h"

namespace skiff {
namespace {

using Kind = Type::Kind;
using TextMap = std::map<std::string, std::string>;

// Only reads; Access has one `at` for readers and writers.
const void* element(const Type& type, const void* list, std::size_t index) {
  return type.access.at(const_cast<void*>(list), index);
}

Tree value_tree(const Type& type, const void* value) {
  switch (type.kind) {
    case Kind::object:
      return to_tree(*type.shape, value);
    case Kind::optional:
      return value_tree(type.element.front(), element(type, value, 0));
    case Kind::list: {
      Tree tree = Tree::list({});
      for (std::size_t i = 0; i < type.access.size(value); ++i) {
        tree.items.push_back(value_tree(type.element.front(), element(type, value, i)));
      }
      return tree;
    }
    case Kind::text_map: {
      Tree tree;
      for (const auto& [name, text] : *static_cast<const TextMap*>(value)) tree.add(name, text);
      return tree;
    }
    case Kind::boolean:
    case Kind::integer:
      return Tree::word(scalar_text(type, value));
    default:
      return Tree::in_quotes(scalar_text(type, value));
  }
}

bool is_equal_list(const Type& type, const void* one, const void* other) {
  const std::size_t size = type.access.size(one);
  if (size != type.access.size(other)) return false;
  for (std::size_t i = 0; i < size; ++i) {
    const Type& held = type.element.front();
    if (!is_equal(held, element(type, one, i), element(type, other, i))) return false;
  }
  return true;
}

}  // namespace

bool is_equal(const Type& type, const void* one, const void* other) {
  switch (type.kind) {
    case Kind::object:
      return std::ranges::all_of(type.shape->fields(), [&](const ShapeField& field) {
        return is_equal(field.type, field.in(one), field.in(other));
      });
    case Kind::optional:
    case Kind::list:
      return is_equal_list(type, one, other);
    case Kind::text_map:
      return *static_cast<const TextMap*>(one) == *static_cast<const TextMap*>(other);
    default:
      return scalar_text(type, one) == scalar_text(type, other);
  }
}

bool belongs(const Shape& shape, const ShapeField& field, const void* object) {
  if (!field.instead.empty()) {
    const ShapeField& other = *shape.find(field.instead);
    return is_equal(other.type, other.in(object), other.in(shape.fresh().get()));
  }
  if (field.variant_of.empty()) return true;
  const ShapeField* chooser = shape.find(field.variant_of);
  const std::string variant = scalar_text(chooser->type, chooser->in(object));
  return std::ranges::find(field.variants, variant) != field.variants.end();
}

Tree to_tree(const Shape& shape, const void* object) {
  Tree tree;
  const FreshObject fresh = shape.fresh();
  for (const ShapeField& field : shape.fields()) {
    if (!belongs(shape, field, object)) continue;
    const void* value = field.in(object);
    if (!field.is_required && is_equal(field.type, value, field.in(fresh.get()))) continue;
    tree.add(field.name, value_tree(field.type, value));
  }
  return tree;
}

}  // namespace skiff
