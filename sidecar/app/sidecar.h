#pragma once

#include <string>

namespace skiff {

// Runs the sidecar that the file at `config_file` describes until it is told to end.
// Returns the process's exit status: 0, 1 where it could not start, 65 for a wrong file.
int run_sidecar(const std::string& config_file);

}  // namespace skiff
