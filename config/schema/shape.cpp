#include "config/schema/shape.h"

#include <utility>

namespace skiff {

Type& Type::add_element() { return element.emplace_back(); }

ShapeField& ShapeField::required() {
  is_required = true;
  return *this;
}

ShapeField& ShapeField::required_unless(std::string_view other_field) {
  instead = other_field;
  return required();
}

ShapeField& ShapeField::range(std::uint64_t least, std::uint64_t most) {
  type.leaf().least = least;
  type.leaf().most = most;
  return *this;
}

ShapeField& ShapeField::range(Milliseconds least, Milliseconds most) {
  return range(static_cast<std::uint64_t>(least.count()), static_cast<std::uint64_t>(most.count()));
}

ShapeField& ShapeField::range(Bytes least, Bytes most) { return range(least.count, most.count); }

ShapeField& ShapeField::obeys(const TextRule& rule) {
  type.leaf().rule = &rule;
  return *this;
}

ShapeField& ShapeField::one_of(std::vector<std::string_view> names) {
  type.leaf().choices = std::move(names);
  return *this;
}

ShapeField& ShapeField::items(std::uint64_t least, std::uint64_t most) {
  type.least = least;
  type.most = most;
  return *this;
}

ShapeField& ShapeField::only_for(std::string_view variant_field,
                                 std::vector<std::string_view> names) {
  variant_of = variant_field;
  variants = std::move(names);
  return *this;
}

ShapeField& ShapeField::shaped(Shape shape) {
  type.leaf().shape = keep(std::move(shape));
  return *this;
}

Shape::Shape() = default;
Shape::Shape(Shape&& other) noexcept = default;
Shape::~Shape() = default;

ShapeField& Shape::add(std::string_view name, std::string_view doc) {
  ShapeField& added = fields_.emplace_back();
  added.name = name;
  added.doc = doc;
  return added;
}

void Shape::prepare_by(std::function<void(void*)> set_defaults) {
  prepares_.push_back(std::move(set_defaults));
}

void Shape::check_by(ObjectCheck check) { checks_.push_back(std::move(check)); }

ShapeField& Shape::part(std::string_view name, Shape shape, std::string_view doc) {
  ShapeField& added = add(name, doc);
  added.type.kind = Type::Kind::object;
  added.type.shape = keep(std::move(shape));
  return added;
}

ShapeField& Shape::constant(std::string_view name, std::vector<std::string_view> texts,
                            std::string_view doc) {
  ShapeField& added = add(name, doc);
  added.type.kind = Type::Kind::constant;
  added.type.choices = std::move(texts);
  return added.required();
}

const ShapeField* Shape::find(std::string_view name) const {
  for (const ShapeField& field : fields_) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

FreshObject Shape::fresh() const {
  FreshObject object = make_();
  prepare(object.get());
  return object;
}

void Shape::prepare(void* object) const {
  for (const auto& set_defaults : prepares_) set_defaults(object);
  for (const ShapeField& field : fields_) {
    if (field.type.kind == Type::Kind::object) field.type.shape->prepare(field.in(object));
  }
}

void Shape::place(void* object, const Position& position) const {
  if (!position_offset_) return;
  *reinterpret_cast<Position*>(static_cast<std::byte*>(object) + *position_offset_) = position;
}

void Shape::inline_fields(const Shape& other, std::size_t offset) {
  for (ShapeField field : other.fields_) {
    field.offset += offset;
    fields_.push_back(std::move(field));
  }
  for (const ObjectCheck& check : other.checks_) {
    checks_.push_back([check, offset](const void* object, const Complain& complain) {
      check(static_cast<const std::byte*>(object) + offset, complain);
    });
  }
  for (const auto& set_defaults : other.prepares_) {
    prepares_.push_back([set_defaults, offset](void* object) {
      set_defaults(static_cast<std::byte*>(object) + offset);
    });
  }
  if (other.position_offset_) position_offset_ = *other.position_offset_ + offset;
}

std::shared_ptr<const Shape> keep(Shape shape) {
  shape.fields_.shrink_to_fit();
  shape.checks_.shrink_to_fit();
  return std::make_shared<const Shape>(std::move(shape));
}

}  // namespace skiff
