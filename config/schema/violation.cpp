#include "config/schema/violation.h"

namespace skiff {

namespace {

// Keys and paths come from a file and must not steer a terminal.
void hide_controls(std::string& text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
}

}  // namespace

std::string to_text(const Violation& violation) {
  std::string text = violation.position.file.text();
  if (violation.position.line > 0) {
    text += ":" + std::to_string(violation.position.line) + ":" +
            std::to_string(violation.position.column);
  }
  if (!text.empty()) text += ": ";
  if (!violation.path.empty()) text += violation.path + ": ";
  text += violation.what;
  if (!violation.expected.empty()) text += "; expected " + violation.expected;
  if (!violation.suggestion.empty()) text += "; did you mean \"" + violation.suggestion + "\"?";
  hide_controls(text);
  return text;
}

std::string in_quotes(std::string_view text) {
  if (text.find("PRIVATE KEY") != text.npos) return "a private key (not shown)";
  constexpr std::size_t most_shown = 80;
  std::string result = "\"";
  result += text.substr(0, most_shown);
  hide_controls(result);
  return result + (text.size() > most_shown ? "…\"" : "\"");
}

}  // namespace skiff
