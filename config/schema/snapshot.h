#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/schema/resources.h"
#include "config/schema/sidecar.h"
#include "config/schema/violation.h"

namespace skiff {

// What is wrong with resources taken together, each of which is right by itself: names given twice,
// references to nothing or into another namespace, ports that a service does not have, limits by
// claims that nobody verifies.
Violations check_together(const Resources& resources);

// What of a sidecar's own file these resources do not have.
Violations check_sidecar(const SidecarConfig& sidecar, const Resources& resources);

// read_resources (yaml_reader.h), check_together and read_key_files (jwt_policy.h).
Result<Resources, Violations> load_resources(const std::vector<std::string>& paths);

}  // namespace skiff
