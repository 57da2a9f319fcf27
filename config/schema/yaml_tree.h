#pragma once

#include <array>
#include <cstddef>
#include <memory_resource>
#include <string_view>
#include <unordered_map>

#include "config/schema/yaml_cursor.h"
#include "config/schema/yaml_document.h"

namespace skiff {

// The nodes of one document and the texts that had to be changed.
class YamlTree final {
 public:
  // A list or map that is being read.
  struct Open {
    YamlNode* node;
    YamlNode* last = nullptr;
    std::size_t count = 0;
    std::unordered_map<std::string_view, YamlNode*> index{};  // Only of a map with many keys.
  };

  std::pmr::memory_resource& memory() { return memory_; }
  std::size_t node_count() const { return node_count_; }

  YamlNode* make(YamlNode::Kind kind, YamlCursor::Place place);
  static void append(Open& parent, YamlNode* node);
  // The entry of `map` that has this key, or null.
  static const YamlNode* find_key(Open& map, std::string_view key);
  // Lets all nodes die.
  void clear();

 private:
  std::array<std::byte, 32 * 1'024> first_memory_;
  std::pmr::monotonic_buffer_resource memory_{first_memory_.data(), first_memory_.size()};
  std::size_t node_count_ = 0;
};

}  // namespace skiff
