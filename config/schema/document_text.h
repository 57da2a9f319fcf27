#pragma once

#include <string>

#include "config/schema/kinds.h"

namespace skiff {

// All of it as YAML, one document after the other in the order of the reference, each with `---`
// before it: what must be read so that the same is there again.
std::string to_text(const Resources& resources);
std::string to_text(const Documents& documents);

}  // namespace skiff
