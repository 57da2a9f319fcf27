#pragma once

#include "config/schema/shape.h"
#include "config/schema/violation.h"
#include "config/schema/yaml_document.h"

namespace skiff {

// Fills `object`, which is as `shape.fresh()` makes it, with what `node` says, and appends all that
// is wrong to `violations`; an object with violations must not be used.
void read_object(const Shape& shape, const YamlNode& node, const FileName& file, void* object,
                 Violations& violations);

// What may stand in YAML for a value of this type, as it ends the sentence "expected …".
std::string expectation(const Type& type);

}  // namespace skiff
