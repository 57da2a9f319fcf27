#include "config/schema/json_schema.h"

#include "config/schema/scalars.h"
#include "config/schema/shape_printer.h"
#include "config/schema/shape_reader.h"

namespace skiff {
namespace {

constexpr std::string_view duration_pattern =
    "^(?=[0-9])([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,5}s)?([0-9]{1,5}ms)?$";
constexpr std::string_view bytes_pattern = "^(0|[1-9][0-9]*)(B|KiB|MiB|GiB)$";
constexpr std::string_view ratio_pattern = "^(100(\\.0{1,4})?|[1-9]?[0-9](\\.[0-9]{1,4})?)%$";
constexpr std::string_view rate_pattern = "^(1000000|[1-9][0-9]{0,5})/[smh]$";

Tree schema_of(const Type& type);

Tree names(const std::vector<std::string_view>& list) {
  Tree tree = Tree::list({});
  for (const std::string_view name : list) tree.items.push_back(Tree::in_quotes(std::string(name)));
  return tree;
}

Tree text_schema(const Type& type) {
  Tree tree;
  tree.add("type", "string");
  if (type.kind == Type::Kind::constant && type.choices.size() == 1) {
    tree.add("const", type.choices.front());
  } else if (!type.choices.empty()) {
    tree.add("enum", names(type.choices));
  }
  std::string_view pattern = type.rule ? type.rule->pattern : "";
  if (type.kind == Type::Kind::duration) pattern = duration_pattern;
  if (type.kind == Type::Kind::bytes) pattern = bytes_pattern;
  if (type.kind == Type::Kind::ratio) pattern = ratio_pattern;
  if (type.kind == Type::Kind::rate) pattern = rate_pattern;
  if (!pattern.empty()) tree.add("pattern", pattern);
  return tree;
}

void add_bounds(const Type& type, std::string_view least, std::string_view most, Tree& tree) {
  if (type.least > 0 || type.kind == Type::Kind::integer) {
    tree.add(least, Tree::word(std::to_string(type.least)));
  }
  if (type.most != UINT64_MAX) tree.add(most, Tree::word(std::to_string(type.most)));
}

// Where one field says which others must be there.
void add_variants(const Shape& shape, Tree& tree) {
  Tree rules = Tree::list({});
  for (const ShapeField& field : shape.fields()) {
    if (field.variant_of.empty() || !field.is_required) continue;
    Tree variant;
    variant.add("enum", names(field.variants));
    Tree chosen;
    chosen.add(field.variant_of, std::move(variant));
    Tree condition;
    condition.add("properties", std::move(chosen));
    condition.add("required", names({field.variant_of}));
    Tree consequence;
    consequence.add("required", names({field.name}));
    Tree& rule = rules.items.emplace_back();
    rule.add("if", std::move(condition));
    rule.add("then", std::move(consequence));
  }
  if (!rules.items.empty()) tree.add("allOf", std::move(rules));
}

// Only scalars have a default worth telling, and no text is none.
void add_default(const ShapeField& field, const void* fresh, Tree& schema) {
  using Kind = Type::Kind;
  const Kind kind = field.type.kind;
  if (field.is_required || kind == Kind::object || kind == Kind::list || kind == Kind::optional ||
      kind == Kind::text_map) {
    return;
  }
  const std::string text = scalar_text(field.type, field.in(fresh));
  const bool is_word = kind == Kind::integer || kind == Kind::boolean;
  if (text.empty() || (kind == Kind::integer && field.type.least > std::stoull(text))) return;
  schema.add("default", is_word ? Tree::word(text) : Tree::in_quotes(text));
}

bool is_always_required(const ShapeField& field) {
  return field.is_required && field.variant_of.empty() && field.instead.empty();
}

// Where one of two fields must be there, and not both.
void add_alternatives(const Shape& shape, Tree& tree) {
  for (const ShapeField& field : shape.fields()) {
    if (field.instead.empty()) continue;
    Tree alternatives = Tree::list({});
    for (const std::string_view name : {field.name, field.instead}) {
      alternatives.items.emplace_back().add("required", names({name}));
    }
    tree.add("oneOf", std::move(alternatives));
  }
}

Tree object_schema(const Shape& shape) {
  Tree tree;
  tree.add("type", "object");
  tree.add("additionalProperties", Tree::word("false"));
  Tree properties;
  std::vector<std::string_view> required;
  const FreshObject fresh = shape.fresh();
  for (const ShapeField& field : shape.fields()) {
    Tree schema = schema_of(field.type);
    schema.entries.insert(schema.entries.begin(),
                          {"description", Tree::in_quotes(std::string(field.doc))});
    add_default(field, fresh.get(), schema);
    properties.add(field.name, std::move(schema));
    if (is_always_required(field)) required.push_back(field.name);
  }
  if (!required.empty()) tree.add("required", names(required));
  tree.add("properties", std::move(properties));
  add_variants(shape, tree);
  add_alternatives(shape, tree);
  return tree;
}

Tree schema_of(const Type& type) {
  Tree tree;
  switch (type.kind) {
    case Type::Kind::object:
      return object_schema(*type.shape);
    case Type::Kind::optional:
      return schema_of(type.element.front());
    case Type::Kind::list:
      tree.add("type", "array");
      tree.add("items", schema_of(type.element.front()));
      add_bounds(type, "minItems", "maxItems", tree);
      return tree;
    case Type::Kind::text_map:
      tree.add("type", "object");
      tree.add("additionalProperties", Tree{}).add("type", "string");
      return tree;
    case Type::Kind::boolean:
      tree.add("type", "boolean");
      return tree;
    case Type::Kind::integer:
      tree.add("type", "integer");
      add_bounds(type, "minimum", "maximum", tree);
      return tree;
    default:
      return text_schema(type);
  }
}

}  // namespace

Tree json_schema(const Kind& kind) {
  Tree tree;
  tree.add("$schema", "http://json-schema.org/draft-07/schema#");
  tree.add("title", kind.name);
  tree.add("description", kind.shape().doc());
  Tree object = object_schema(kind.shape());
  for (auto& [name, value] : object.entries) tree.add(name, std::move(value));
  return tree;
}

}  // namespace skiff
