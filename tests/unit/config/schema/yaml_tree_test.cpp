#include "config/schema/yaml_tree.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace skiff {
namespace {

TEST(YamlTree, FindsKeysOfSmallAndOfLargeMaps) {
  YamlTree tree;
  YamlTree::Open map{.node = tree.make(YamlNode::Kind::map, {1, 1})};
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back("key" + std::to_string(i));
  for (const std::string& name : names) {
    EXPECT_EQ(YamlTree::find_key(map, name), nullptr) << name;
    YamlNode* entry = tree.make(YamlNode::Kind::plain, {1, 1});
    entry->key = name;
    YamlTree::append(map, entry);
    EXPECT_EQ(YamlTree::find_key(map, name), entry) << name;
  }
  EXPECT_EQ(YamlTree::find_key(map, "key0")->key, "key0");
  EXPECT_EQ(tree.node_count(), 101U);
}

TEST(YamlTree, KeepsTheOrder) {
  YamlTree tree;
  YamlTree::Open list{.node = tree.make(YamlNode::Kind::list, {1, 1})};
  YamlNode* first = tree.make(YamlNode::Kind::plain, {1, 2});
  YamlNode* second = tree.make(YamlNode::Kind::plain, {1, 3});
  YamlTree::append(list, first);
  YamlTree::append(list, second);
  EXPECT_EQ(list.node->first, first);
  EXPECT_EQ(first->next, second);
  EXPECT_EQ(second->next, nullptr);
}

}  // namespace
}  // namespace skiff
