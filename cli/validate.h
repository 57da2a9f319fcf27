#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "cli/cli.h"

namespace skiff {

// `skiff validate PATH…`: reads and checks all of it together, and tells each violation.
ExitCode validate(const std::vector<std::string>& paths, std::ostream& out, std::ostream& err);

}  // namespace skiff
