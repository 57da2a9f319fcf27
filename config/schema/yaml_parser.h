#pragma once

#include <string_view>

#include "config/schema/yaml_cursor.h"
#include "config/schema/yaml_document.h"
#include "config/schema/yaml_scalars.h"
#include "config/schema/yaml_tree.h"

namespace skiff {

// Parses documents, one after the other, by descent: what stands further in is read by a call
// within. Source: YAML 1.2.2, without what YamlFile's contract leaves out.
class YamlParser final {
 public:
  YamlParser(FileName file, std::string_view text, const YamlLimits& limits)
      : limits_(limits), cursor_(std::move(file), text) {}

  // As YamlFile::next.
  const YamlNode* next(Violations& violations);

 private:
  using Place = YamlCursor::Place;

  struct Key {
    std::string_view name;
    Place place;
    bool is_quoted = false;
  };

  bool begin_document();
  const YamlNode* end_document(YamlNode* root);

  // Values in lines of their own, the first of which begins here, behind column `indent`.
  YamlNode* block(int indent);
  YamlNode* block_list();
  YamlNode* block_map(Key first);
  YamlNode* map_value(int column);
  YamlNode* item_value(int column);
  bool continues(int column);
  // A value that began in this line; it ends at a line's end.
  YamlNode* inline_value(int indent);
  YamlNode* text(YamlNode::Kind kind, Place place, std::string_view says);

  YamlNode* flow();
  YamlNode* flow_list();
  YamlNode* flow_map();
  YamlNode* flow_value();
  bool flow_continues(char close, Place open);

  bool is_at_dash() const { return cursor_.peek() == '-' && cursor_.is_blank(1); }
  bool take_key(Key& key);
  void add_entry(YamlTree::Open& map, const Key& key, YamlNode* value);
  YamlNode* empty_value() { return tree_.make(YamlNode::Kind::empty, cursor_.place()); }
  bool enter(Place place);
  void end_line();

  const YamlLimits limits_;
  YamlCursor cursor_;
  YamlTree tree_;
  YamlScalars scalars_{cursor_, tree_.memory()};
  std::size_t depth_ = 0;
  std::size_t document_count_ = 0;
  bool is_over_ = false;
};

}  // namespace skiff
