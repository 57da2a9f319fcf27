#pragma once

#include <string_view>

#include "sidecar/http/error.h"
#include "sidecar/http/headers.h"
#include "sidecar/http/message.h"

namespace skiff {

// What is asked of a request whatever version of HTTP it came by.

// TRACE is refused, and so is what is no method's name but might be taken for one: PRI, and known
// names in other letters. `name` is a token; `method` its id.
ErrorKind judge_method(std::string_view name, Method method);

// Whether it is a protected field (headers.h) spelled with `_` for `-`, which some backends cannot
// tell apart.
bool is_misleading(const Field& field);

// Turns A to Z into a to z in place; `text` must lie in memory that is ours.
void make_lower(std::string_view text);

}  // namespace skiff
