#include "config/schema/json_schema.h"

#include <gtest/gtest.h>

#include "config/schema/yaml_document.h"

namespace skiff {
namespace {

std::string text_at(const YamlNode& node, std::string_view name) {
  const YamlNode* found = node.find(name);
  return found ? std::string(found->text) : "";
}

std::size_t size_of(const YamlNode* node) {
  std::size_t size = 0;
  for (const YamlNode* inner = node ? node->first : nullptr; inner; inner = inner->next) ++size;
  return size;
}

void expect_equal(const Type& type, const YamlNode& schema, const std::string& path);

void expect_equal(const Shape& shape, const YamlNode& schema, const std::string& path) {
  EXPECT_EQ(text_at(schema, "type"), "object") << path;
  EXPECT_EQ(text_at(schema, "additionalProperties"), "false") << path;
  const YamlNode* properties = schema.find("properties");
  ASSERT_NE(properties, nullptr) << path;
  EXPECT_EQ(size_of(properties), shape.fields().size()) << path;
  std::size_t required = 0;
  std::size_t variants = 0;
  for (const ShapeField& field : shape.fields()) {
    const YamlNode* property = properties->find(field.name);
    ASSERT_NE(property, nullptr) << path << "." << field.name;
    EXPECT_EQ(text_at(*property, "description"), field.doc);
    expect_equal(field.type, *property, path + "." + std::string(field.name));
    if (field.is_required && field.instead.empty())
      ++(field.variant_of.empty() ? required : variants);
  }
  EXPECT_EQ(size_of(schema.find("required")), required) << path;
  EXPECT_EQ(size_of(schema.find("allOf")), variants) << path;
}

std::string json_type(Type::Kind kind) {
  switch (kind) {
    case Type::Kind::boolean:
      return "boolean";
    case Type::Kind::integer:
      return "integer";
    case Type::Kind::list:
      return "array";
    case Type::Kind::object:
    case Type::Kind::text_map:
      return "object";
    default:
      return "string";
  }
}

void expect_equal(const Type& type, const YamlNode& schema, const std::string& path) {
  if (type.kind == Type::Kind::optional) return expect_equal(type.element.front(), schema, path);
  EXPECT_EQ(text_at(schema, "type"), json_type(type.kind)) << path;
  if (type.kind == Type::Kind::object) return expect_equal(*type.shape, schema, path);
  if (type.kind == Type::Kind::list)
    expect_equal(type.element.front(), *schema.find("items"), path + "[]");
  if (type.kind == Type::Kind::integer) {
    EXPECT_EQ(text_at(schema, "minimum"), std::to_string(type.least)) << path;
    EXPECT_EQ(text_at(schema, "maximum"), std::to_string(type.most)) << path;
  }
  if (type.kind != Type::Kind::constant) {
    EXPECT_EQ(size_of(schema.find("enum")), type.choices.size()) << path;
  }
  if (type.rule) {
    EXPECT_EQ(text_at(schema, "pattern"), type.rule->pattern) << path;
  }
}

TEST(JsonSchema, SaysOfEveryFieldWhatItsDescriptionSays) {
  for (const Kind& kind : kinds()) {
    Violations violations;
    const std::string json = to_json(json_schema(kind));
    YamlFile file("schema", json);
    const YamlNode* schema = file.next(violations);
    ASSERT_NE(schema, nullptr) << to_text(violations.front());
    EXPECT_EQ(text_at(*schema, "$schema"), "http://json-schema.org/draft-07/schema#");
    EXPECT_EQ(text_at(*schema, "title"), kind.name);
    expect_equal(kind.shape(), *schema, std::string(kind.name));
  }
}

}  // namespace
}  // namespace skiff
