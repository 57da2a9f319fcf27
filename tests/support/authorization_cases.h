#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "config/schema/authorization_policy.h"

namespace skiff::test {

// One line of tests/conformance/authorization/cases.txt, whose form README.md there describes.
struct AuthorizationCase {
  int line = 0;
  std::string text;
  std::vector<AuthorizationPolicy> policies;
  std::string verdict;  // `allow`, `deny` or `refused`.
  std::string rule;     // `POLICY/RULE`, `no-allow` or `-`.
  std::string shadow_verdict;
  std::string shadow_rule;
  std::string identity;
  std::string method;
  std::string target;
  std::uint16_t port = 80;
  std::vector<std::pair<std::string, std::string>> headers;
  bool has_token = false;
  std::vector<std::pair<std::string, std::string>> claims;  // A list in brackets: `[a,b]`.
};

void PrintTo(const AuthorizationCase& which, std::ostream* out);

// Throws std::runtime_error where the file is malformed.
std::vector<AuthorizationCase> read_authorization_cases();

}  // namespace skiff::test
