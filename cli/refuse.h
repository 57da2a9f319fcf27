#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "cli/cli.h"
#include "config/schema/violation.h"

namespace skiff {

// Tells each violation and their count.
ExitCode refuse(const Violations& violations, std::ostream& err);

// `1 file`, `2 files`.
std::string counted(std::size_t count, std::string_view noun, std::string_view plural);

}  // namespace skiff
