#include "tests/support/authorization_cases.h"

#include <charconv>
#include <ostream>
#include <sstream>
#include <stdexcept>

#include "tests/support/policies.h"

namespace skiff::test {
namespace {

std::string identity_of(const std::string& word) {
  if (word == "-") return {};
  if (!word.starts_with('~')) return word;
  const std::size_t slash = word.find('/');
  return "spiffe://d/ns/" + word.substr(1, slash - 1) + "/sa/" + word.substr(slash + 1);
}

std::string value_of(const std::string& word) {
  std::string value;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word.compare(i, 2, "\\x") == 0) {
      int byte = 0;
      std::from_chars(word.data() + i + 2, word.data() + i + 4, byte, 16);
      value += static_cast<char>(byte);
      i += 3;
    } else {
      value += word[i] == '_' ? ' ' : word[i];
    }
  }
  return value;
}

void take_target(const std::string& word, AuthorizationCase& made) {
  const std::size_t colon = word.rfind(':');
  made.target = word.substr(0, colon);
  if (colon == word.npos) return;
  const auto [end, failure] =
      std::from_chars(word.data() + colon + 1, word.data() + word.size(), made.port);
  if (failure != std::errc() || end != word.data() + word.size()) {
    throw std::runtime_error("not a port: " + word);
  }
}

void take_line(const std::string& text, AuthorizationCase& made) {
  std::istringstream words(text);
  std::string identity;
  std::string target;
  if (!(words >> made.verdict >> made.rule >> identity >> made.method >> target)) {
    throw std::runtime_error("not a case: " + text);
  }
  made.text = text;
  made.identity = identity_of(identity);
  take_target(target, made);
  made.shadow_verdict = made.verdict;
  made.shadow_rule = made.rule;
  for (std::string word; words >> word;) {
    if (word == "shadow:") {
      words >> made.shadow_verdict >> made.shadow_rule;
      continue;
    }
    made.has_token = made.has_token || word.starts_with('@');
    if (word == "@") continue;
    const std::size_t equals = word.find('=');
    if (equals == word.npos) throw std::runtime_error("not a header or a claim: " + word);
    const bool is_claim = word.starts_with('@');
    (is_claim ? made.claims : made.headers)
        .emplace_back(word.substr(is_claim ? 1 : 0, equals - (is_claim ? 1 : 0)),
                      value_of(word.substr(equals + 1)));
  }
}

}  // namespace

void PrintTo(const AuthorizationCase& which, std::ostream* out) {
  *out << "cases.txt:" << which.line << ": " << which.text;
}

std::vector<AuthorizationCase> read_authorization_cases() {
  std::istringstream file(repository_file("tests/conformance/authorization/cases.txt"));
  std::vector<AuthorizationCase> cases;
  std::vector<AuthorizationPolicy> policies;
  std::string yaml;
  bool in_policies = false;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.starts_with("== ")) {
      yaml.clear();
      in_policies = true;
    } else if (line == "--") {
      policies.clear();
      if (!yaml.empty()) policies = read_policies(yaml).resources.authorization_policies;
      in_policies = false;
    } else if (in_policies) {
      yaml += line + "\n";
    } else if (!line.empty() && !line.starts_with('#')) {
      AuthorizationCase& made = cases.emplace_back();
      made.line = number;
      made.policies = policies;
      take_line(line, made);
    }
  }
  return cases;
}

}  // namespace skiff::test
