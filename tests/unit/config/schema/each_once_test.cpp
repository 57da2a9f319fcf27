#include "config/schema/each_once.h"

#include <gtest/gtest.h>

#include <vector>

namespace skiff {
namespace {

struct Item {
  std::string name;
  int number = 0;
};

// The fields that are complained about, in order.
template <typename KeyOf>
std::vector<std::string> twice(const std::vector<Item>& items, KeyOf key_of,
                               std::string_view field) {
  std::vector<std::string> fields;
  const auto complain = [&](std::string_view at, const std::string& what,
                            const std::string& expected) {
    EXPECT_EQ(what, "is there twice");
    EXPECT_EQ(expected, "each once");
    fields.emplace_back(at);
  };
  check_each_once(items, key_of, {"items", field, "is there twice", "each once"}, complain);
  return fields;
}

TEST(EachOnce, NamesEveryItemButTheFirstOfAKey) {
  const std::vector<Item> items = {{"a"}, {"b"}, {"a"}, {"A"}, {"a"}};
  EXPECT_EQ(twice(items, &Item::name, "name"),
            (std::vector<std::string>{"items[2].name", "items[4].name"}));
}

TEST(EachOnce, TakesAnEmptyTextForNoKeyButNotZero) {
  const std::vector<Item> items = {{"", 0}, {"", 0}};
  EXPECT_TRUE(twice(items, &Item::name, "name").empty());
  EXPECT_EQ(twice(items, &Item::number, "").size(), 1u);
}

TEST(EachOnce, TakesAnyFunctionOfAnItemAndCallsTheItemItself) {
  const std::vector<Item> items = {{"a", 1}, {"b", 11}, {"c", 2}};
  const auto last_digit = [](const Item& item) { return item.number % 10; };
  EXPECT_EQ(twice(items, last_digit, ""), std::vector<std::string>{"items[1]"});
}

}  // namespace
}  // namespace skiff
