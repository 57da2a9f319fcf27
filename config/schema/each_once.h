#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>

#include "config/schema/item_path.h"
#include "config/schema/shape.h"

namespace skiff {

// Where items stand that must not have a key in common, and what is said of one that has.
struct EachOnce {
  std::string_view list;
  std::string_view field;  // Of the item; empty: the item itself.
  std::string what;
  std::string expected;
};

// Complains at every item whose key an item before it has too. An empty text is no key. `key_of`: a
// member, or a function of the item.
template <typename Items, typename KeyOf>
void check_each_once(const Items& items, KeyOf key_of, const EachOnce& words,
                     const Complain& complain) {
  using Key = std::decay_t<std::invoke_result_t<KeyOf, const typename Items::value_type&>>;
  std::set<Key> seen;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Key key = std::invoke(key_of, items[i]);
    if constexpr (std::is_convertible_v<Key, std::string_view>) {
      if (key.empty()) continue;
    }
    if (seen.insert(key).second) continue;
    complain(words.field.empty() ? item(words.list, i) : item(words.list, i, words.field),
             words.what, words.expected);
  }
}

}  // namespace skiff
