#include "sidecar/policy/value_condition.h"

#include <utility>

#include "base/utf8.h"

namespace skiff {

ValueCondition::ValueCondition(std::optional<std::string> exact,
                               const std::optional<std::string>& regex)
    : exact_(std::move(exact).value_or("")) {
  if (!regex) return;
  RE2::Options options(RE2::Quiet);
  options.set_never_capture(true);
  regex_ = std::make_unique<const RE2>(*regex, options);
}

bool ValueCondition::is_all_of(std::string_view value, bool unknown) const {
  if (!regex_->ok() || find_invalid_utf8(value)) return unknown;
  return RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex_);
}

}  // namespace skiff
