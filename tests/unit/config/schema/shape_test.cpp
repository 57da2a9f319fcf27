#include "config/schema/shape.h"

#include <gtest/gtest.h>

#include "config/schema/kinds.h"

namespace skiff {
namespace {

struct Inner {
  std::uint16_t port = 80;
  std::string name;
  Position position;
};

struct Outer {
  std::string before;
  Inner inner;
  std::vector<Inner> list;
};

Shape describe(Of<Inner>) {
  Shape shape = Shape::of<Inner>("An inner thing.");
  shape.field("port", &Inner::port, "A port.").range(1, 65'535);
  shape.field("name", &Inner::name, "A name.").required();
  shape.prepared_by<Inner>([](Inner& inner) { inner.name = "prepared"; });
  shape.position(&Inner::position);
  return shape;
}

TEST(Shape, FindsAFieldInTheObject) {
  const Shape shape = describe(Of<Inner>{});
  Inner inner{.port = 7, .name = "x", .position = {}};
  EXPECT_EQ(shape.find("port")->type.access.get(shape.find("port")->in(&inner)), 7U);
  EXPECT_EQ(*static_cast<std::string*>(shape.find("name")->in(&inner)), "x");
  EXPECT_EQ(shape.find("other"), nullptr);
}

TEST(Shape, TakesOverTheFieldsOfAnInlinedMember) {
  Shape shape = Shape::of<Outer>("An outer thing.");
  shape.inlined(&Outer::inner, describe(Of<Inner>{}));
  const FreshObject fresh = shape.fresh();
  auto& outer = *static_cast<Outer*>(fresh.get());
  EXPECT_EQ(outer.inner.name, "prepared");
  EXPECT_EQ(shape.find("name")->in(&outer), &outer.inner.name);
  shape.place(&outer, {"f", 3, 4});
  EXPECT_EQ(outer.inner.position.line, 3);
}

TEST(Shape, GrowsAList) {
  Shape shape = Shape::of<Outer>("An outer thing.");
  shape.field("list", &Outer::list, "Inner things.").items(0, 3);
  const Type& type = shape.find("list")->type;
  Outer outer;
  static_cast<Inner*>(type.access.append(&outer.list))->port = 9;
  EXPECT_EQ(type.access.size(&outer.list), 1U);
  EXPECT_EQ(outer.list[0].port, 9);
  EXPECT_EQ(type.leaf().shape->find("port")->type.most, 65'535U);
}

// What must hold of every description, so that all that comes from it works.
void check_description(const Shape& shape, const std::string& path) {
  EXPECT_LE(shape.fields().size(), 24U) << path;
  EXPECT_TRUE(shape.doc().ends_with('.')) << path;
  for (const ShapeField& field : shape.fields()) {
    const std::string inner = path + "." + std::string(field.name);
    EXPECT_TRUE(field.doc.ends_with('.')) << inner << " says: " << field.doc;
    EXPECT_EQ(shape.find(field.name), &field) << inner << " is there twice";
    if (field.type.leaf().kind == Type::Kind::choice) {
      EXPECT_FALSE(field.type.leaf().choices.empty()) << inner;
    }
    if (!field.variant_of.empty()) {
      const ShapeField* chooser = shape.find(field.variant_of);
      ASSERT_NE(chooser, nullptr) << inner;
      for (const std::string_view name : field.variants) {
        EXPECT_NE(std::ranges::find(chooser->type.choices, name), chooser->type.choices.end())
            << inner;
      }
    }
    if (field.type.leaf().shape) check_description(*field.type.leaf().shape, inner);
  }
}

TEST(EveryDescription, IsWhole) {
  for (const Kind& kind : kinds()) check_description(kind.shape(), std::string(kind.name));
}

}  // namespace
}  // namespace skiff
