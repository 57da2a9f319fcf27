#include "config/schema/yaml_document.h"

#include <gtest/gtest.h>

#include <string>

namespace skiff {
namespace {

TEST(YamlFile, GivesOneDocumentAfterTheOther) {
  Violations violations;
  YamlFile file("f", "a: 1\n---\nb: 2\n");
  EXPECT_NE(file.next(violations)->find("a"), nullptr);
  EXPECT_NE(file.next(violations)->find("b"), nullptr);
  EXPECT_EQ(file.next(violations), nullptr);
  EXPECT_EQ(file.next(violations), nullptr);
  EXPECT_TRUE(violations.empty());
}

TEST(YamlFile, ParsesNothingOfATextWithABadByte) {
  Violations violations;
  const std::string text = "a: 1\nb: \xFF\n";
  YamlFile file("f", text);
  EXPECT_EQ(file.next(violations), nullptr);
  EXPECT_EQ(file.next(violations), nullptr);
  ASSERT_EQ(violations.size(), 1U) << "told once";
  EXPECT_EQ(to_text(violations[0]), "f:2:4: not UTF-8");
}

TEST(YamlNode, FindsNothingInWhatIsNoMap) {
  Violations violations;
  YamlFile file("f", "[a]");
  EXPECT_EQ(file.next(violations)->find("a"), nullptr);
}

}  // namespace
}  // namespace skiff
