#pragma once

#include "config/schema/sidecar.h"

namespace skiff {

// Runs the sidecar that `config` describes until it is told to end.
// Returns the process's exit status: 0; 1 where it could not start; 65 for wrong policies.
int run_sidecar(const SidecarConfig& config);

}  // namespace skiff
