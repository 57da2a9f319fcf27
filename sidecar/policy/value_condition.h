#pragma once

#include <re2/re2.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace skiff {

// What a value must be: a text, or else all of it by an expression of RE2. Immutable; any thread.
class ValueCondition final {
 public:
  // One of them is there, or holds() is not asked.
  ValueCondition(std::optional<std::string> exact, const std::optional<std::string>& regex);

  // `unknown`: what it is where an expression cannot be asked, as the value is not UTF-8 or RE2
  // does not take the expression.
  bool holds(std::string_view value, bool unknown) const {
    return regex_ == nullptr ? value == exact_ : is_all_of(value, unknown);
  }

 private:
  bool is_all_of(std::string_view value, bool unknown) const;

  const std::string exact_;
  std::unique_ptr<const RE2> regex_;  // Null: none is asked.
};

}  // namespace skiff
