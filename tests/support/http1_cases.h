#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skiff {

// One case of tests/conformance/http1/*.txt; the form is described in README.md there.
struct Http1Case {
  std::string id;
  std::string source;
  std::string asked;
  std::string bytes;
  std::string expect;  // The reason of a refusal, `whole` or `more`.
  std::optional<std::string> head;
  std::optional<std::string> body;
  std::optional<std::string> trailers;
  std::optional<std::string> meaning;
  std::optional<std::string> used;
};

void PrintTo(const Http1Case& which, std::ostream* out);

// All cases of a file below tests/conformance/http1. Throws std::runtime_error with file and line
// where the file is malformed.
std::vector<Http1Case> read_http1_cases(std::string_view file);

}  // namespace skiff
