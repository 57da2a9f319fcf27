#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/schema/shape.h"
#include "config/schema/yaml_document.h"

namespace skiff {

// Why a scalar cannot be a value of a type.
struct WrongScalar {
  std::string what;
  std::string expected;
  std::string suggestion;
};

// Sets `value` to what `node`, a scalar, says; `type` is none of those that hold others.
std::optional<WrongScalar> read_scalar(const Type& type, const YamlNode& node, void* value);

// As `expectation` in shape_reader.h, for these types.
std::string scalar_expectation(const Type& type);

// What a plain (unquoted) scalar is to one or another reader of YAML, where that is not text:
// "a number", "a boolean", "no value". Empty: it is text to all.
std::string_view sort_of_plain(std::string_view text);

// `a, b or c`.
std::string one_of(std::span<const std::string_view> names);

// `value` as it stands in YAML and JSON, without quotes; for the types of `read_scalar`.
std::string scalar_text(const Type& type, const void* value);

}  // namespace skiff
