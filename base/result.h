#pragma once

#include <cassert>
#include <utility>
#include <variant>

namespace skiff {

// Either a value or the error that stood in its way. An error that a request or an operator's file
// can cause travels in one of these; exceptions are for bugs and for start-up.
template <typename T, typename E>
class [[nodiscard]] Result final {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Result(E error) : held_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return held_.index() == 0; }
  bool has_value() const { return held_.index() == 0; }

  // Need a value.
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Needs an error.
  const E& error() const {
    assert(!has_value());
    return *std::get_if<1>(&held_);
  }

 private:
  T& value() {
    assert(has_value());
    return *std::get_if<0>(&held_);
  }
  const T& value() const {
    assert(has_value());
    return *std::get_if<0>(&held_);
  }

  std::variant<T, E> held_;
};

}  // namespace skiff
