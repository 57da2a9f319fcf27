#pragma once

#include <string>
#include <vector>

#include "config/schema/kinds.h"
#include "config/schema/violation.h"

namespace skiff::test {

// What a text of policies says; fails the test when it is refused.
Documents read_policies(const std::string& text);

// A Service `a`, and a TrafficPolicy for it whose spec has this line: `retry: {attempts: 0}`.
std::string policy_with(const std::string& line);

// What is wrong with a text, in itself and together, as `LINE:COLUMN: PATH: …`.
std::vector<std::string> errors_of(const std::string& text);

// The contents of a file of the repository, named from its root.
std::string repository_file(const std::string& path);
// The files of a folder of the repository that end so, with their paths from its root.
std::vector<std::string> repository_files(const std::string& folder, const std::string& ending);

}  // namespace skiff::test
