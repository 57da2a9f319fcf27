#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/schema/violation.h"

namespace skiff {

// What `KIND` or `KIND.FIELD.FIELD…` is, may say, and says by default. `spec` may be left out. The
// error's text names what is not known, with a suggestion.
Result<std::string, Violation> explain(std::string_view path);

// The reference page of all kinds, in Markdown.
std::string reference_page();

}  // namespace skiff
