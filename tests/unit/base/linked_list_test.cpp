#include "base/linked_list.h"

#include <gtest/gtest.h>

#include <string>

namespace skiff {
namespace {

struct Item {
  char name;
  Links<Item> links{};
};

struct LinkedListTest : testing::Test {
  std::string forth() const {
    std::string names;
    for (Item* item = list.first(); item != nullptr; item = item->links.next) names += item->name;
    return names;
  }
  std::string back() const {
    std::string names;
    for (Item* item = list.last(); item != nullptr; item = item->links.previous)
      names += item->name;
    return names;
  }

  Item a{'a'}, b{'b'}, c{'c'};
  LinkedList<Item, &Item::links> list;
};

TEST_F(LinkedListTest, KeepsTheOrder) {
  EXPECT_TRUE(list.empty());
  for (Item* item : {&a, &b, &c}) list.append(*item);
  EXPECT_EQ(forth(), "abc");
  EXPECT_EQ(back(), "cba");
  EXPECT_FALSE(list.empty());
}

TEST_F(LinkedListTest, GivesUpAnyOfThem) {
  for (Item* gone : {&a, &b, &c}) {
    for (Item* item : {&a, &b, &c}) list.append(*item);
    list.remove(*gone);
    std::string left = "abc";
    left.erase(left.find(gone->name), 1);
    EXPECT_EQ(forth(), left);
    EXPECT_EQ(back(), std::string(left.rbegin(), left.rend()));
    while (!list.empty()) list.remove(*list.first());
    EXPECT_EQ(list.last(), nullptr);
  }
}

TEST_F(LinkedListTest, TakesOneBackAsTheLast) {
  for (Item* item : {&a, &b, &c}) list.append(*item);
  list.remove(a);
  list.append(a);
  EXPECT_EQ(forth(), "bca");
}

}  // namespace
}  // namespace skiff
