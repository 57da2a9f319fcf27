#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace skiff {

struct AdminReply {
  unsigned status = 0;
  std::string body;
};

// Asks a sidecar's admin server at `address` (`127.0.0.1:15000`, `[::1]:15000`) once and waits for
// the answer, at most 5 s and 16 MiB. `path` with its query, if any. The error says what is in the
// way.
Result<AdminReply, std::string> ask_admin(const std::string& address, std::string_view method,
                                          std::string_view path);

// `text` as it stands in a query.
std::string encoded(std::string_view text);

}  // namespace skiff
