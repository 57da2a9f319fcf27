#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/schema/violation.h"

namespace skiff {

// The files that `paths` mean, in order, each once: a file is itself; a directory is its *.yaml and
// *.yml by name, without hidden ones and without folders below. What cannot be listed, is neither,
// or has no such file is appended to `violations`.
std::vector<std::string> list_yaml_files(const std::vector<std::string>& paths, std::size_t most,
                                         Violations& violations);

struct ReadError {
  std::string what;
};

// What is in a regular file, or why it cannot be had.
Result<std::string, ReadError> read_file(const std::string& file, std::size_t most_bytes);

}  // namespace skiff
