#pragma once

#include "config/schema/kinds.h"
#include "config/schema/tree.h"

namespace skiff {

// What an editor needs to check and complete documents of this kind: JSON Schema, draft 7. It lets
// through some of what the reader refuses (checks of several fields, regular expressions), and
// refuses nothing that the reader takes.
Tree json_schema(const Kind& kind);

}  // namespace skiff
