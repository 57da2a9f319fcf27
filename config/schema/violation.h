#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/schema/common.h"

namespace skiff {

// One thing in an operator's file that is not as it must be.
struct Violation {
  Position position;
  std::string path;        // Of the field: `spec.rules[0].matches[1].path`. Empty: the whole file.
  std::string what;        // What is wrong.
  std::string expected;    // What may stand there. May be empty.
  std::string suggestion;  // What was probably meant. May be empty.
};

using Violations = std::vector<Violation>;

// `FILE:LINE:COLUMN: PATH: WHAT; expected EXPECTED; did you mean "SUGGESTION"?` without the parts
// that are empty.
std::string to_text(const Violation& violation);

// `text` in double quotes: shortened when long, control characters replaced, a private key hidden.
std::string in_quotes(std::string_view text);

}  // namespace skiff
