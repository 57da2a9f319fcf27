#include "config/schema/manual.h"

#include <algorithm>
#include <vector>

#include "base/suggest.h"
#include "config/schema/kinds.h"
#include "config/schema/scalars.h"
#include "config/schema/shape_reader.h"

namespace skiff {
namespace {

// What stands for a field that is left out; empty when there is no telling.
std::string default_of(const Shape& shape, const ShapeField& field) {
  using Kind = Type::Kind;
  const FreshObject fresh = shape.fresh();
  switch (field.type.kind) {
    case Kind::object:
    case Kind::list:
    case Kind::optional:
    case Kind::text_map:
    case Kind::constant:
      return {};
    case Kind::integer:
      if (field.type.access.get(field.in(fresh.get())) < field.type.least) return {};
      break;
    default:
      break;
  }
  return scalar_text(field.type, field.in(fresh.get()));
}

bool is_list(const Type& type) { return type.kind == Type::Kind::list; }

std::string type_text(const Type& type) {
  const Type& leaf = type.leaf();
  if (!is_list(type)) return expectation(type);
  return expectation(type) + ", each " + expectation(leaf);
}

// When the field may stand: `required`, `only for type Header or Cookie`, or nothing.
std::string condition_of(const ShapeField& field) {
  if (!field.instead.empty()) return "required, or " + std::string(field.instead);
  if (field.variant_of.empty()) return field.is_required ? "required" : "";
  return std::string(field.is_required ? "required for " : "only for ") +
         std::string(field.variant_of) + " " + one_of(field.variants);
}

std::string padded(std::string_view text, std::size_t width) {
  return std::string(text).append(width > text.size() ? width - text.size() : 0, ' ');
}

std::string list_of_fields(const Shape& shape) {
  std::size_t width = 0;
  for (const ShapeField& field : shape.fields()) width = std::max(width, field.name.size());
  std::string text = "\nFields:\n";
  for (const ShapeField& field : shape.fields()) {
    const std::string condition = condition_of(field);
    text += "  " + padded(field.name, width) + "  " + std::string(field.doc) +
            (condition.empty() ? "" : " (" + condition + ")") + "\n";
  }
  return text;
}

// A step of the way from a kind to the field that is asked for.
struct Place {
  const Shape* inside = nullptr;  // Has the field; null for the kind itself.
  const ShapeField* field = nullptr;
};

std::string explanation(const Kind& kind, const std::string& path, const Place& place) {
  const Shape* shape = place.field ? place.field->type.leaf().shape.get() : &kind.shape();
  std::string text = path + "\n\n  ";
  if (!place.field) {
    text += std::string(shape->doc()) + "\n\n";
    text += "apiVersion: " + std::string(shape->find("apiVersion")->type.choices.front()) + "\n";
    return text + list_of_fields(*shape);
  }
  const std::string standard = default_of(*place.inside, *place.field);
  const std::string condition = condition_of(*place.field);
  text += std::string(place.field->doc) + "\n\n";
  text += "Value:    " + type_text(place.field->type) + "\n";
  if (!condition.empty()) text += "Needed:   " + condition + "\n";
  if (!standard.empty() && !place.field->is_required) text += "Default:  " + standard + "\n";
  return shape ? text + list_of_fields(*shape) : text;
}

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t dot = path.find('.'); dot != path.npos; dot = path.find('.')) {
    parts.push_back(path.substr(0, dot));
    path.remove_prefix(dot + 1);
  }
  parts.push_back(path);
  return parts;
}

Violation unknown(std::string path, std::string what, std::vector<std::string_view> names,
                  std::string_view name) {
  return {.position = {},
          .path = std::move(path),
          .what = std::move(what),
          .expected = one_of(names),
          .suggestion = std::string(nearest(name, names))};
}

Violation unknown_field(std::string path, const Shape& shape, std::string_view name) {
  std::vector<std::string_view> names;
  for (const ShapeField& field : shape.fields()) names.push_back(field.name);
  return unknown(std::move(path), "no field " + in_quotes(name), std::move(names), name);
}

std::string escaped(std::string text) {
  for (std::size_t at = text.find('|'); at != text.npos; at = text.find('|', at + 2)) {
    text.insert(at, "\\");
  }
  return text;
}

void write_tables(const std::string& path, const Shape& shape, std::string& page) {
  page += "\n### " + path + "\n\n" + std::string(shape.doc()) + "\n\n";
  page += "| field | value | default | meaning |\n|---|---|---|---|\n";
  for (const ShapeField& field : shape.fields()) {
    std::string standard = default_of(shape, field);
    if (field.is_required) standard = "";
    if (!standard.empty()) standard = "`" + standard + "`";
    const std::string condition = condition_of(field);
    if (!condition.empty()) standard += (standard.empty() ? "" : "; ") + condition;
    page += "| `" + std::string(field.name) + "` | " + escaped(type_text(field.type)) + " | " +
            escaped(standard) + " | " + escaped(std::string(field.doc)) + " |\n";
  }
  for (const ShapeField& field : shape.fields()) {
    const Shape* inner = field.type.leaf().shape.get();
    if (inner == nullptr) continue;
    write_tables(path + "." + std::string(field.name) + (is_list(field.type) ? "[]" : ""), *inner,
                 page);
  }
}

}  // namespace

Result<std::string, Violation> explain(std::string_view path) {
  const std::vector<std::string_view> parts = split(path);
  const Kind* kind = find_kind(parts.front());
  if (kind == nullptr) {
    std::vector<std::string_view> names;
    for (const Kind& each : kinds()) names.push_back(each.name);
    return unknown({}, "no kind " + in_quotes(parts.front()), names, parts.front());
  }
  std::string so_far(kind->name);
  const Shape* shape = &kind->shape();
  Place place;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (shape == nullptr) return unknown(so_far, "has no fields", {}, {});
    const ShapeField* field = shape->find(parts[i]);
    const ShapeField* spec = i == 1 ? shape->find("spec") : nullptr;
    if (field == nullptr && spec && spec->type.shape->find(parts[i])) {
      so_far += ".spec";
      shape = spec->type.shape.get();
      field = shape->find(parts[i]);
    }
    if (field == nullptr) return unknown_field(so_far, spec ? *spec->type.shape : *shape, parts[i]);
    so_far += "." + std::string(parts[i]);
    place = {shape, field};
    shape = field->type.leaf().shape.get();
  }
  return explanation(*kind, so_far, place);
}

std::string reference_page() {
  std::string page =
      "# Reference\n\nEvery field of every kind. Made by `skiff reference`; a test fails when it "
      "is "
      "not up to date.\n";
  for (const Kind& kind : kinds()) {
    page += "\n## " + std::string(kind.name) + "\n";
    write_tables(std::string(kind.name), kind.shape(), page);
  }
  return page;
}

}  // namespace skiff
