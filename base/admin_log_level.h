#pragma once

#include "base/admin_table.h"

namespace skiff {

// Adds /log-level. Its page shows every component's level; its change sets `level` of `component`,
// or of all where none is named.
void add_log_level(AdminTable& table);

}  // namespace skiff
