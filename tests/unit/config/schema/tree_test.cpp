#include "config/schema/tree.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_oracle.h"

namespace skiff {
namespace {

Tree sample() {
  Tree inner;
  inner.add("number", Tree::word("5"));
  inner.add("text", "5");
  Tree tree;
  tree.add("a", "b c");
  tree.add("list", Tree::list({Tree::in_quotes("x"), inner, Tree::list({Tree::word("1")})}));
  tree.add("empty", Tree{});
  tree.add("none", Tree::list({}));
  return tree;
}

TEST(Tree, IsWrittenAsYaml) {
  EXPECT_EQ(
      to_yaml(sample()),
      "a: \"b c\"\nlist:\n  - x\n  - number: 5\n    text: \"5\"\n  - - 1\nempty: {}\nnone: []\n");
  EXPECT_EQ(to_yaml(Tree{}), "{}\n");
}

TEST(Tree, IsWrittenAsJsonThatSaysTheSame) {
  EXPECT_EQ(test::our_meaning(to_json(sample())), test::our_meaning(to_yaml(sample())));
}

TEST(Tree, QuotesWhateverSomeReaderWouldNotTakeForText) {
  for (const char* text : {"",   "yes", "1",  "~",   "a: b", "a #b", "- a",  "#",  "é",     "a\nb",
                           "\"", "\\",  "'",  "[a]", "*a",   "a:",   "\x01", "%a", "{{a}}", "|",
                           ">",  "?",   "!a", "&a",  "@a",   "`a",   " a",   "a "}) {
    Tree tree;
    tree.add("key", text);
    const auto meaning = test::our_meaning(to_yaml(tree));
    ASSERT_TRUE(meaning) << to_yaml(tree);
    EXPECT_EQ(meaning, test::yaml_cpp_meaning(to_yaml(tree)));
    EXPECT_EQ(meaning, test::our_meaning(to_json(tree)));
    EXPECT_NE(meaning->front().find(std::to_string(std::string_view(text).size()) + "\"" + text),
              std::string::npos);
  }
}

}  // namespace
}  // namespace skiff
