#pragma once

namespace skiff {

// Where an item stands in a list.
template <typename Item>
struct Links {
  Item* previous = nullptr;
  Item* next = nullptr;
};

// Items one behind the other, each of which is its own entry, by its member `links`. An item is in
// one list at most by that member, and is taken out before it ends.
template <typename Item, Links<Item> Item::*links>
class LinkedList final {
 public:
  bool empty() const { return first_ == nullptr; }
  Item* first() const { return first_; }  // Null: it is empty.
  Item* last() const { return last_; }

  void append(Item& item) {
    (item.*links) = {.previous = last_, .next = nullptr};
    (last_ == nullptr ? first_ : (last_->*links).next) = &item;
    last_ = &item;
  }

  // Needs one that is in it.
  void remove(Item& item) {
    const Links<Item>& at = item.*links;
    (at.previous == nullptr ? first_ : (at.previous->*links).next) = at.next;
    (at.next == nullptr ? last_ : (at.next->*links).previous) = at.previous;
  }

 private:
  Item* first_ = nullptr;
  Item* last_ = nullptr;
};

}  // namespace skiff
