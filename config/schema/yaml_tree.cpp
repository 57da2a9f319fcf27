#include "config/schema/yaml_tree.h"

#include <new>

namespace skiff {

YamlNode* YamlTree::make(YamlNode::Kind kind, YamlCursor::Place place) {
  ++node_count_;
  YamlNode* node = new (memory_.allocate(sizeof(YamlNode), alignof(YamlNode))) YamlNode;
  node->kind = kind;
  node->line = place.line;
  node->column = place.column;
  return node;
}

void YamlTree::append(Open& parent, YamlNode* node) {
  (parent.last ? parent.last->next : parent.node->first) = node;
  parent.last = node;
  ++parent.count;
  if (!parent.index.empty()) parent.index.emplace(node->key, node);
}

const YamlNode* YamlTree::find_key(Open& map, std::string_view key) {
  constexpr std::size_t few = 16;  // Up to this many a walk is fastest.
  if (map.count <= few) return map.node->find(key);
  if (map.index.empty()) {
    for (YamlNode* entry = map.node->first; entry; entry = entry->next) {
      map.index.emplace(entry->key, entry);
    }
  }
  const auto found = map.index.find(key);
  return found == map.index.end() ? nullptr : found->second;
}

void YamlTree::clear() {
  memory_.release();
  node_count_ = 0;
}

}  // namespace skiff
