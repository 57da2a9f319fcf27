#include "config/schema/yaml_parser.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_oracle.h"

namespace skiff {
namespace {

std::string error_of(const std::string& text) {
  Violations violations;
  YamlFile file("f", text);
  while (file.next(violations)) {
  }
  return violations.empty() ? "" : to_text(violations[0]);
}

// Texts that both parsers take.
class YamlMeans : public testing::TestWithParam<const char*> {};

TEST_P(YamlMeans, TheSameToYamlCpp) {
  const auto ours = test::our_meaning(GetParam());
  ASSERT_TRUE(ours) << error_of(GetParam());
  EXPECT_EQ(ours, test::yaml_cpp_meaning(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(
    YamlParser, YamlMeans,
    testing::Values("a: 1", "a: 1\nb: two words\nc:\n", "a:\n  b:\n    c: d\n", "- a\n- b\n",
                    "- - a\n  - b\n- c\n", "a:\n- b\n- c\nd: e\n",
                    "a:\n  - b\n  - c: d\n    e: f\n", "-\n  a: b\n-\n", "a: [b, c,]\n",
                    "{a: {b: [c, {d: e}]}, f: }\n", "{\"a\":1, \"b\": [true,null]}\n",
                    "a: {\n  b: c,\n  d: [e,\n f]\n}\n", "[]", "{}", "---\na: 1\n---\nb: 2\n...\n",
                    "---\na: 1\n...\n---\nb: 2\n", "# c\na: 1 # d\n# e\n",
                    "a: b\r\nc:\r\n  - d\r\n", "a: |\n  x\n    y\n\n  z\nb: 1\n", "a: |-\n  x\n",
                    "a: |+\n  x\n\nb: 1\n", "a: 'it''s'\nb: \"\\\"q\\\" \\u00e9\"\n",
                    "a: one\n  two\n\n  three\nb: c\n", "a: \"one\n  two\"\n",
                    "a: x#y\nb: http://h:80/p\nc: -1\nd: a-b\n", "\"a b\": c\n'd': e\n",
                    "a: ~\nb: null\nc: \"null\"\n", "a:    b   \n", "- b",
                    "- a: b\n  c:\n  - d\n- e\n", "a:\n\n  # c\n\n  b: 1\n", "[a, 'b', \"c\", -d]",
                    "{a: b:c, d: e#f}"));

TEST(YamlParser, TellsWhereEachValueAndKeyStands) {
  const std::string text = "a:\n  - b: 'c'\n";
  Violations violations;
  YamlFile file("f", text);
  const YamlNode* root = file.next(violations);
  ASSERT_NE(root, nullptr);
  const YamlNode* list = root->find("a");
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->line, 2);
  EXPECT_EQ(list->column, 3);
  const YamlNode* text_node = list->first->find("b");
  EXPECT_EQ(text_node->key_column, 5);
  EXPECT_EQ(text_node->column, 8);
  EXPECT_EQ(text_node->kind, YamlNode::Kind::quoted);
  EXPECT_EQ(file.next(violations), nullptr);
  EXPECT_TRUE(violations.empty());
}

TEST(YamlParser, RefusesWhatYamlCppTakes) {
  for (const char* text :
       {"a: 1\na: 2\n", "a: &x 1\n", "a: !t 1\n", "a: >\n  b\n", "? a\n: b\n", "<<: {a: b}\n",
        "[a, , b]",     "{a, b}",    "[a: b]",    "a: [b]]\n",   ",",          "a:\tb\n",
        "a: %b\n",      "@a",        "--- a\n",   "plain",       "'quoted'",   "|\n  a\n",
        "true: a\n",    "{~: a}",    "{a:[b]}",   "{a\n: b}"}) {
    EXPECT_NE(error_of(text), "") << text;
  }
}

TEST(YamlParser, ComesToAnEndOfHostileTexts) {
  EXPECT_NE(error_of(std::string(100'000, '[')), "");
  EXPECT_NE(error_of(std::string(100'000, '{')), "");
  EXPECT_NE(error_of(std::string(100'000, ',')), "");
  std::string dashes;
  for (int i = 0; i < 100'000; ++i) dashes += "- ";
  EXPECT_NE(error_of(dashes), "");
  std::string deep;
  for (int i = 0; i < 1'000; ++i) deep += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_NE(error_of(deep), "");
  EXPECT_NE(error_of("\"" + std::string(100'000, '\n')), "");
}

TEST(YamlParser, CountsDocumentsAndValues) {
  Violations violations;
  YamlFile documents("f", "a: 1\n---\nb: 1\n---\nc: 1\n", {.documents = 2});
  while (documents.next(violations)) {
  }
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(to_text(violations[0]), "f:5:1: too many documents");

  violations.clear();
  YamlFile values("f", "a: [1, 2, 3, 4]\nb: []\n", {.nodes_per_document = 5});
  EXPECT_EQ(values.next(violations), nullptr);
  EXPECT_EQ(violations.size(), 1U);
}

}  // namespace
}  // namespace skiff
