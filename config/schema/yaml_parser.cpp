#include "config/schema/yaml_parser.h"

#include "config/schema/scalars.h"

namespace skiff {

const YamlNode* YamlParser::next(Violations& violations) {
  const YamlNode* root = nullptr;
  if (!is_over_ && begin_document()) root = end_document(block(0));
  cursor_.move_violations_to(violations);
  return root;
}

// To the first token of the next document. Its end is the end of the text, or a marker.
bool YamlParser::begin_document() {
  tree_.clear();
  depth_ = 0;
  cursor_.skip_to_token();
  bool has_marker = false;
  while (cursor_.is_at_marker()) {
    const bool is_start = cursor_.peek() == '-';
    if (is_start && has_marker) break;
    if (!is_start && document_count_ == 0 && !has_marker) break;
    has_marker = is_start;
    cursor_.advance(3);
    end_line();
    cursor_.skip_to_token();
  }
  if (cursor_.has_failed() || (cursor_.is_at_end() && !has_marker && document_count_ > 0)) {
    is_over_ = true;
    return false;
  }
  if (cursor_.is_at_end() && !has_marker) cursor_.fail(Place{1, 1}, "the file has no document");
  if (cursor_.is_at_end() || cursor_.is_at_marker()) {
    cursor_.fail("the document is empty", "apiVersion, kind, metadata and spec");
  }
  if (++document_count_ > limits_.documents) cursor_.fail("too many documents");
  is_over_ = cursor_.has_failed();
  return !is_over_;
}

const YamlNode* YamlParser::end_document(YamlNode* root) {
  const bool is_text =
      root && root->kind != YamlNode::Kind::list && root->kind != YamlNode::Kind::map;
  if (is_text) {
    cursor_.fail(Place{root->line, root->column}, "the document is not a map",
                 "apiVersion, kind, metadata and spec");
  }
  cursor_.skip_to_token();
  if (!cursor_.is_at_end() && !cursor_.is_at_marker()) {
    cursor_.fail("does not belong to what stands before", "the end of the document");
  }
  is_over_ = cursor_.has_failed();
  return is_over_ ? nullptr : root;
}

YamlNode* YamlParser::block(int indent) {
  if (is_at_dash()) return block_list();
  const char c = cursor_.peek();
  if (c == '[' || c == '{' || c == '|') return inline_value(indent);
  const YamlCursor::Mark mark = cursor_.mark();
  Key key;
  if (take_key(key)) return block_map(key);
  if (cursor_.has_failed()) return nullptr;
  cursor_.reset(mark);
  return inline_value(indent);
}

// Whether here is `NAME:`; the cursor is behind it then, and anywhere in this line if not.
bool YamlParser::take_key(Key& key) {
  key.place = cursor_.place();
  key.is_quoted = cursor_.peek() == '"' || cursor_.peek() == '\'';
  key.name = key.is_quoted ? scalars_.quoted() : scalars_.plain_line(false);
  if (key.is_quoted) cursor_.skip_spaces();
  if (cursor_.peek() != ':' || !cursor_.is_blank(1)) return false;
  cursor_.advance();
  return cursor_.place().line == key.place.line;
}

YamlNode* YamlParser::block_map(Key first) {
  YamlNode* node = tree_.make(YamlNode::Kind::map, first.place);
  if (!enter(first.place)) return nullptr;
  YamlTree::Open map{.node = node};
  const int column = first.place.column;
  add_entry(map, first, map_value(column));
  while (continues(column)) {
    Key key;
    if (is_at_dash()) {
      cursor_.fail("a list item among the fields of a map", "NAME: VALUE");
    } else if (take_key(key)) {
      add_entry(map, key, map_value(column));
    } else {
      cursor_.fail(key.place, "a line that is no field", "NAME: VALUE");
    }
  }
  --depth_;
  return node;
}

YamlNode* YamlParser::block_list() {
  const Place start = cursor_.place();
  YamlNode* node = tree_.make(YamlNode::Kind::list, start);
  if (!enter(start)) return nullptr;
  YamlTree::Open list{.node = node};
  do {
    if (!is_at_dash()) break;  // The next field of the map that has this list as a value.
    cursor_.advance();
    if (YamlNode* item = item_value(start.column)) YamlTree::append(list, item);
  } while (continues(start.column));
  --depth_;
  return node;
}

// Whether the next token begins a further line of what began at `column`.
bool YamlParser::continues(int column) {
  cursor_.skip_to_token();
  if (cursor_.is_at_end() || cursor_.is_at_marker() || cursor_.column() < column) return false;
  if (cursor_.column() == column) return true;
  cursor_.fail("indented differently from the lines before",
               "column " + std::to_string(column) + " or further out");
  return false;
}

// Behind the `:` of a field that begins at `column`.
YamlNode* YamlParser::map_value(int column) {
  cursor_.skip_rest();
  if (!cursor_.is_line_end()) return inline_value(column);
  const YamlCursor::Mark line_end = cursor_.mark();
  const Place place = cursor_.place();
  cursor_.skip_to_token();
  const bool is_further_in = cursor_.column() > column;
  if (!cursor_.is_at_end() && !cursor_.is_at_marker()) {
    if (is_further_in) return block(column);
    if (cursor_.column() == column && is_at_dash()) return block_list();
  }
  cursor_.reset(line_end);
  return tree_.make(YamlNode::Kind::empty, place);
}

// Behind the `-` of an item at `column`.
YamlNode* YamlParser::item_value(int column) {
  cursor_.skip_rest();
  if (!cursor_.is_line_end()) return block(column);
  const YamlCursor::Mark line_end = cursor_.mark();
  const Place place = cursor_.place();
  cursor_.skip_to_token();
  const bool is_further_in = cursor_.column() > column;
  if (!cursor_.is_at_end() && !cursor_.is_at_marker() && is_further_in) return block(column);
  cursor_.reset(line_end);
  return tree_.make(YamlNode::Kind::empty, place);
}

YamlNode* YamlParser::inline_value(int indent) {
  const Place place = cursor_.place();
  const char c = cursor_.peek();
  if (c == '|') return text(YamlNode::Kind::quoted, place, scalars_.literal(indent));
  YamlNode* node = nullptr;
  if (c == '[' || c == '{') {
    node = flow();
  } else if (c == '"' || c == '\'') {
    node = text(YamlNode::Kind::quoted, place, scalars_.quoted());
  } else {
    node = text(YamlNode::Kind::plain, place, scalars_.plain(indent));
  }
  end_line();
  return node;
}

YamlNode* YamlParser::text(YamlNode::Kind kind, Place place, std::string_view says) {
  const bool is_null = kind == YamlNode::Kind::plain &&
                       (says == "~" || says == "null" || says == "Null" || says == "NULL");
  YamlNode* node = tree_.make(is_null ? YamlNode::Kind::empty : kind, place);
  node->text = says;
  if (says.size() > limits_.scalar_bytes) {
    cursor_.fail(place, "the text is too long",
                 "at most " + std::to_string(limits_.scalar_bytes) + " bytes");
  }
  return node;
}

void YamlParser::end_line() {
  cursor_.skip_rest();
  if (cursor_.is_line_end()) return;
  cursor_.fail("does not belong to what stands before", "the end of the line");
}

bool YamlParser::enter(Place place) {
  if (++depth_ > limits_.depth) {
    cursor_.fail(place, "nested too deeply",
                 "at most " + std::to_string(limits_.depth) + " levels");
  } else if (tree_.node_count() > limits_.nodes_per_document) {
    cursor_.fail(place, "the document has too many values");
  }
  return !cursor_.has_failed();
}

void YamlParser::add_entry(YamlTree::Open& map, const Key& key, YamlNode* value) {
  if (cursor_.has_failed() || value == nullptr) return;
  if (!key.is_quoted && key.name == "<<") {
    return cursor_.fail(key.place, "merge keys (<<) are not supported", "the fields themselves");
  }
  if (const std::string_view sort = sort_of_plain(key.name); !key.is_quoted && !sort.empty()) {
    return cursor_.fail(
        key.place, "the key " + in_quotes(key.name) + " without quotes is " + std::string(sort),
        "text: put it in quotes");
  }
  if (key.name.size() > limits_.key_bytes) {
    return cursor_.fail(key.place, "the key is too long",
                        "at most " + std::to_string(limits_.key_bytes) + " bytes");
  }
  if (const YamlNode* first = YamlTree::find_key(map, key.name)) {
    return cursor_.note(key.place, "key " + in_quotes(key.name) + " a second time, first in line " +
                                       std::to_string(first->key_line));
  }
  value->key = key.name;
  value->key_line = key.place.line;
  value->key_column = key.place.column;
  YamlTree::append(map, value);
}

YamlNode* YamlParser::flow() {
  const Place place = cursor_.place();
  if (!enter(place)) return nullptr;
  YamlNode* node = cursor_.peek() == '[' ? flow_list() : flow_map();
  --depth_;
  return node;
}

// Behind an item: over the comma to the next one, or over the closing bracket.
bool YamlParser::flow_continues(char close, Place open) {
  cursor_.skip_to_token();
  if (cursor_.peek() == ',') {
    cursor_.advance();
    cursor_.skip_to_token();
  } else if (cursor_.peek() != close && !cursor_.is_at_end()) {
    cursor_.fail("does not belong to what stands before", std::string(", or ") + close);
  }
  if (cursor_.peek() == close) {
    cursor_.advance();
    return false;
  }
  if (cursor_.is_at_end() || cursor_.is_at_marker()) {
    cursor_.fail(open, close == ']' ? "the list has no end" : "the map has no end",
                 std::string(1, close));
  }
  return !cursor_.has_failed();
}

YamlNode* YamlParser::flow_list() {
  const Place open = cursor_.place();
  YamlTree::Open list{.node = tree_.make(YamlNode::Kind::list, open)};
  cursor_.advance();
  cursor_.skip_to_token();
  if (cursor_.peek() == ']') {
    cursor_.advance();
    return list.node;
  }
  do {
    YamlNode* item = cursor_.is_at_end() ? nullptr : flow_value();
    if (item) YamlTree::append(list, item);
  } while (flow_continues(']', open));
  return list.node;
}

YamlNode* YamlParser::flow_map() {
  const Place open = cursor_.place();
  YamlTree::Open map{.node = tree_.make(YamlNode::Kind::map, open)};
  cursor_.advance();
  cursor_.skip_to_token();
  if (cursor_.peek() == '}') {
    cursor_.advance();
    return map.node;
  }
  do {
    if (cursor_.is_at_end()) continue;
    Key key{.name = {}, .place = cursor_.place()};
    key.is_quoted = cursor_.peek() == '"' || cursor_.peek() == '\'';
    key.name = key.is_quoted ? scalars_.quoted() : scalars_.plain_line(true);
    cursor_.skip_spaces();
    if (cursor_.peek() != ':' || cursor_.place().line != key.place.line) {
      cursor_.fail(key.place, "the key " + in_quotes(key.name) + " has no value", "NAME: VALUE");
      break;
    }
    cursor_.advance();
    cursor_.skip_to_token();
    const bool is_empty = cursor_.peek() == ',' || cursor_.peek() == '}' || cursor_.is_at_end();
    add_entry(map, key, is_empty ? empty_value() : flow_value());
  } while (flow_continues('}', open));
  return map.node;
}

YamlNode* YamlParser::flow_value() {
  const Place place = cursor_.place();
  const char c = cursor_.peek();
  if (c == '[' || c == '{') return flow();
  if (c == '"' || c == '\'') return text(YamlNode::Kind::quoted, place, scalars_.quoted());
  return text(YamlNode::Kind::plain, place, scalars_.plain_line(true));
}

}  // namespace skiff
