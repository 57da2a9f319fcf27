#include "config/schema/yaml_document.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/utf8.h"
#include "config/schema/yaml_parser.h"

namespace skiff {
namespace {

// What no YAML parser needs to see to know that the text is not acceptable.
std::optional<std::pair<std::size_t, std::string>> find_bad_byte(std::string_view text) {
  const std::size_t limit = find_invalid_utf8(text).value_or(text.size());
  bool is_line_start = true;
  for (std::size_t at = 0; at < limit; ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c > '%' && c != 0x7F) {
      is_line_start = false;
      continue;
    }
    if (c == '\t') return {{at, "a tab; expected spaces (in quoted text: \\t)"}};
    if (c == '\r' && (at + 1 == text.size() || text[at + 1] != '\n')) {
      return {{at, "a carriage return without a line feed"}};
    }
    if ((c < 0x20 && c != '\n' && c != '\r') || c == 0x7F) return {{at, "a control character"}};
    if (c == '%' && is_line_start) return {{at, "directives (%NAME) are not supported"}};
    is_line_start = c == '\n';
  }
  if (limit < text.size()) return {{limit, "not UTF-8"}};
  return {};
}

Position position_of(const FileName& file, std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0.
  return {file, static_cast<int>(lines) + 1, static_cast<int>(offset - line_start) + 1};
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view name) const {
  if (kind != Kind::map) return nullptr;
  for (const YamlNode* entry = first; entry; entry = entry->next) {
    if (entry->key == name) return entry;
  }
  return nullptr;
}

YamlFile::YamlFile(FileName name, std::string_view text, YamlLimits limits)
    : parser_(std::make_unique<YamlParser>(name, text, limits)) {
  if (const auto bad = find_bad_byte(text)) {
    bad_byte_.push_back({position_of(name, text, bad->first), {}, bad->second, {}, {}});
  }
}

YamlFile::~YamlFile() = default;

const YamlNode* YamlFile::next(Violations& violations) {
  if (bad_byte_.empty()) return parser_->next(violations);
  if (!std::exchange(is_told_, true)) violations.push_back(bad_byte_.front());
  return nullptr;
}

}  // namespace skiff
