#include "config/schema/violation.h"

namespace skiff {

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
  return text;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t most_shown = 80;
  std::string result = "\"";
  for (const char c : text.substr(0, most_shown)) {
    const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    result += is_control ? '?' : c;
  }
  return result + (text.size() > most_shown ? "…\"" : "\"");
}

}  // namespace skiff
