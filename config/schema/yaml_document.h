#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "config/schema/violation.h"

namespace skiff {

// One value of a YAML document. It lives as long as its YamlFile stands on the document.
struct YamlNode {
  enum class Kind : std::uint8_t { empty, plain, quoted, list, map };

  Kind kind = Kind::empty;
  int line = 0;  // Of the value's first byte; both from 1, columns in bytes.
  int column = 0;
  int key_line = 0;  // In a map: of the key's first byte.
  int key_column = 0;
  std::string_view key;   // In a map.
  std::string_view text;  // plain and quoted (block scalars too): what it says.
  YamlNode* first = nullptr;
  YamlNode* next = nullptr;  // The next item or entry of what this one is in.

  bool is_scalar() const { return kind == Kind::plain || kind == Kind::quoted; }
  // The value at `name` of a map; null when there is none or this is no map.
  const YamlNode* find(std::string_view name) const;
};

struct YamlLimits {
  std::size_t depth = 32;
  std::size_t documents = 100'000;
  std::size_t nodes_per_document = 2'000'000;
  std::size_t key_bytes = 1'024;
  std::size_t scalar_bytes = 64 * 1'024;
};

class YamlParser;

// The documents of one text, one after the other, in the part of YAML that means the same to all
// readers: no anchors, aliases, tags, merge keys, directives, tabs; no key twice; UTF-8 only.
class YamlFile final {
 public:
  // `text` must outlive this.
  YamlFile(FileName name, std::string_view text, YamlLimits limits = {});
  ~YamlFile();
  YamlFile(const YamlFile&) = delete;
  YamlFile& operator=(const YamlFile&) = delete;

  // The next document, or null when there is none. What is wrong with the YAML itself is appended
  // to `violations`; after most of it nothing more is read. Ends the life of the document before.
  const YamlNode* next(Violations& violations);

 private:
  std::unique_ptr<YamlParser> parser_;
  Violations bad_byte_;  // At most one: then nothing is parsed.
  bool is_told_ = false;
};

}  // namespace skiff
