#include "config/schema/shape_printer.h"

#include <gtest/gtest.h>

#include "config/schema/traffic_policy.h"
#include "tests/support/policies.h"

namespace skiff {
namespace {

TEST(ToTree, LeavesOutWhatIsAsByDefault) {
  TimeoutsConfig timeouts;
  EXPECT_EQ(to_yaml(to_tree(timeouts)), "{}\n");
  timeouts.request = Milliseconds(3'000);
  EXPECT_EQ(to_yaml(to_tree(timeouts)), "request: 3s\n");
}

TEST(ToTree, WritesOnlyTheVariantThatIsMeant) {
  HTTPRouteFilter filter;
  filter.type = HTTPRouteFilter::Type::url_rewrite;
  filter.url_rewrite.path = PathModifier{PathModifier::Type::replace_prefix_match, "/b"};
  filter.request_redirect.hostname = "not.meant";
  EXPECT_EQ(to_yaml(to_tree(filter)),
            "type: URLRewrite\nurlRewrite:\n  path:\n    type: ReplacePrefixMatch\n"
            "    replacePrefixMatch: /b\n");
}

TEST(ToTree, KeepsAnOptionalThatIsThereWithNothingInIt) {
  TrafficPolicy policy;
  policy.metadata.name = "a";
  policy.health_check.emplace();
  EXPECT_NE(to_yaml(to_tree(policy)).find("healthCheck: {}"), std::string::npos);
}

bool has_one_value(const Type& type) {
  return type.kind == Type::Kind::text && type.choices.size() == 1;
}

// Gives every field that there is another value than its default, as far as variants allow.
void change_all(const Shape& shape, void* object);

void change(const Type& type, void* value) {
  switch (type.kind) {
    case Type::Kind::object:
      return change_all(*type.shape, value);
    case Type::Kind::list:
    case Type::Kind::optional: {
      if (type.access.size(value) > 0) return;
      void* element = type.access.append(value);
      const Type& held = type.element.front();
      if (held.kind == Type::Kind::object) held.shape->prepare(element);
      return change(held, element);
    }
    case Type::Kind::text_map:
      static_cast<std::map<std::string, std::string>*>(value)->emplace("key", "1.10");
      return;
    case Type::Kind::text:
      *static_cast<std::string*>(value) = type.choices.empty() ? "other" : type.choices.back();
      return;
    case Type::Kind::ratio:
      static_cast<Ratio*>(value)->value = 0.25;
      return;
    case Type::Kind::rate:
      static_cast<Rate*>(value)->count = 7;
      return;
    case Type::Kind::choice:
      return type.access.set(value, type.access.get(value) == 0 ? type.choices.size() - 1 : 0);
    case Type::Kind::constant:
      return;
    default:
      return type.access.set(value,
                             type.access.get(value) == type.least ? type.least + 1 : type.least);
  }
}

void change_all(const Shape& shape, void* object) {
  for (const ShapeField& field : shape.fields()) change(field.type, field.in(object));
}

void expect_all_written(const Shape& shape, const void* object, const Tree& tree,
                        const std::string& path) {
  for (const ShapeField& field : shape.fields()) {
    if (!belongs(shape, field, object) || has_one_value(field.type)) continue;
    const auto entry = std::ranges::find(
        tree.entries, field.name, [](const auto& each) { return std::string_view(each.first); });
    ASSERT_NE(entry, tree.entries.end()) << path << "." << field.name;
    if (field.type.kind == Type::Kind::object) {
      expect_all_written(*field.type.shape, field.in(object), entry->second,
                         path + "." + std::string(field.name));
    }
  }
}

TEST(ToTree, WritesEveryFieldThatDiffersFromItsDefault) {
  for (const Kind& kind : kinds()) {
    const FreshObject object = kind.shape().fresh();
    change_all(kind.shape(), object.get());
    expect_all_written(kind.shape(), object.get(), to_tree(kind.shape(), object.get()),
                       std::string(kind.name));
  }
}

TEST(IsEqual, SeesEveryField) {
  for (const Kind& kind : kinds()) {
    Type type{.kind = Type::Kind::object};
    type.shape = {std::shared_ptr<const Shape>(), &kind.shape()};  // Which the kind owns.
    const FreshObject one = kind.shape().fresh();
    const FreshObject other = kind.shape().fresh();
    EXPECT_TRUE(is_equal(type, one.get(), other.get()));
    for (const ShapeField& field : kind.shape().find("spec")->type.shape->fields()) {
      if (has_one_value(field.type)) continue;
      const FreshObject changed = kind.shape().fresh();
      change(field.type, field.in(changed.get()));
      EXPECT_FALSE(is_equal(type, one.get(), changed.get())) << kind.name << " " << field.name;
    }
  }
}

}  // namespace
}  // namespace skiff
