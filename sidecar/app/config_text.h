#pragma once

#include <string>

#include "config/schema/resources.h"
#include "config/schema/sidecar.h"

namespace skiff {

// What an operator would have to write to get these; several documents of YAML.
std::string config_text(const SidecarConfig& sidecar, const Resources& resources);

}  // namespace skiff
