#pragma once

#include <optional>
#include <string_view>

#include "sidecar/http/arena.h"

namespace skiff {

struct CanonicalTarget {
  std::string_view target;  // Path and query in one run of memory.
  std::string_view path;
  std::string_view query;  // Behind `?`, as it came; empty also where there is no `?`.
};

// The one form of a request's path and query that routing, authorization and forwarding see.
// Of the path: `%61` is `a` (unreserved characters are never encoded), `%c3` is `%C3`, `//` is `/`,
// `.` and `..` are resolved (RFC 3986, 6.2.2 and 5.2.4). Nothing is returned for what backends read
// in different ways: no leading slash, an encoded slash, backslash or NUL, a backslash, `;` (see
// docs/decisions/0003-a-path-has-one-form.md), `#`, a broken escape, `..` above the root, a byte
// that a URL cannot hold. Points into `text` where nothing changes, else into `arena`.
std::optional<CanonicalTarget> canonical_target(std::string_view text, Arena& arena);

}  // namespace skiff
