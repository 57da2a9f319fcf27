#include "config/schema/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <istream>
#include <memory_resource>
#include <optional>
#include <streambuf>
#include <string>
#include <unordered_map>

#include "base/utf8.h"

namespace skiff {
namespace {

struct Stop {};  // Thrown through yaml-cpp, which can be stopped in no other way.

// Lets a stream read `text` where it lies.
class TextBuffer final : public std::streambuf {
 public:
  explicit TextBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // setg asks for it; nothing is ever written.
    setg(begin, begin, begin + text.size());
  }
};

// Builds the tree of one document from yaml-cpp's events.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(FileName file, const YamlLimits& limits, Violations& violations)
      : file_(std::move(file)), limits_(limits), violations_(violations) {}

  YamlNode* root() const { return root_; }
  const YAML::Mark& start() const { return start_; }

  // Forgets the document; its nodes die.
  void clear() {
    root_ = nullptr;
    open_.clear();
    node_count_ = 0;
    memory_.release();
  }

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = mark; }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    if (awaits_key()) stop(mark, "a key is missing");
    add(mark, YamlNode::Kind::empty);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    stop(mark, "aliases (*name) are not supported", "the value itself");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    if (tag != "?" && tag != "!") stop(mark, "tags (!name) are not supported", "the plain value");
    const bool is_plain = tag == "?";
    if (awaits_key()) return take_key(mark, value, is_plain);
    if (value.size() > limits_.scalar_bytes) {
      stop(mark, "the text is too long",
           "at most " + std::to_string(limits_.scalar_bytes) + " bytes");
    }
    add(mark, is_plain ? YamlNode::Kind::plain : YamlNode::Kind::quoted)->text = keep(value);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { open_.pop_back(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::map);
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  static constexpr std::size_t few_keys = 16;  // Up to this many a search is fastest.

  struct Open {  // A list or map whose end has not come.
    YamlNode* node;
    YamlNode* last = nullptr;
    std::size_t count = 0;
    YamlNode* pending = nullptr;  // In a map: the entry whose value comes next.
    std::unordered_map<std::string_view, YamlNode*> index;  // Only for more than `few_keys`.
  };

  bool awaits_key() const {
    return !open_.empty() && open_.back().node->kind == YamlNode::Kind::map &&
           open_.back().pending == nullptr;
  }

  [[noreturn]] void stop(const YAML::Mark& mark, std::string what, std::string expected = {}) {
    violations_.push_back({.position = {file_, mark.line + 1, mark.column + 1},
                           .path = {},
                           .what = std::move(what),
                           .expected = std::move(expected),
                           .suggestion = {}});
    throw Stop{};
  }

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) stop(mark, "anchors (&name) are not supported", "the value without it");
  }

  std::string_view keep(const std::string& text) {
    if (text.empty()) return {};
    char* copy = static_cast<char*>(memory_.allocate(text.size(), 1));
    std::memcpy(copy, text.data(), text.size());
    return {copy, text.size()};
  }

  YamlNode* make(const YAML::Mark& mark) {
    if (++node_count_ > limits_.nodes_per_document) stop(mark, "the document has too many values");
    return new (memory_.allocate(sizeof(YamlNode), alignof(YamlNode))) YamlNode;
  }

  void append(Open& parent, YamlNode* node) {
    (parent.last ? parent.last->next : parent.node->first) = node;
    parent.last = node;
    ++parent.count;
  }

  // The node for a value that begins at `mark`, in its place.
  YamlNode* add(const YAML::Mark& mark, YamlNode::Kind kind) {
    YamlNode* node = nullptr;
    if (open_.empty()) {
      node = root_ = make(mark);
    } else if (open_.back().node->kind == YamlNode::Kind::list) {
      append(open_.back(), node = make(mark));
    } else {
      node = std::exchange(open_.back().pending, nullptr);
    }
    node->kind = kind;
    node->line = mark.line + 1;
    node->column = mark.column + 1;
    return node;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    refuse_anchor(mark, anchor);
    if (!tag.empty() && tag != "?") stop(mark, "tags (!name) are not supported", "the plain value");
    if (awaits_key()) stop(mark, "a list or a map as a key", "text");
    if (open_.size() >= limits_.depth) {
      stop(mark, "nested too deeply", "at most " + std::to_string(limits_.depth) + " levels");
    }
    open_.push_back(
        {.node = add(mark, kind), .last = nullptr, .count = 0, .pending = nullptr, .index = {}});
  }

  void take_key(const YAML::Mark& mark, const std::string& key, bool is_plain) {
    if (is_plain && key == "<<")
      stop(mark, "merge keys (<<) are not supported", "the fields themselves");
    if (key.size() > limits_.key_bytes) {
      stop(mark, "the key is too long", "at most " + std::to_string(limits_.key_bytes) + " bytes");
    }
    Open& map = open_.back();
    YamlNode* entry = make(mark);
    entry->key = keep(key);
    entry->key_line = mark.line + 1;
    entry->key_column = mark.column + 1;
    map.pending = entry;
    if (const YamlNode* first = find_key(map, entry)) {
      violations_.push_back({.position = {file_, entry->key_line, entry->key_column},
                             .path = {},
                             .what = "key " + quoted(key) + " a second time, first in line " +
                                     std::to_string(first->key_line),
                             .expected = {},
                             .suggestion = {}});
      return;  // Its value is read for what else is wrong in it, and stays out of the tree.
    }
    append(map, entry);
  }

  // The entry of `map` with the key of `entry`, if there is one; else remembers `entry`.
  static const YamlNode* find_key(Open& map, YamlNode* entry) {
    if (map.count < few_keys) {
      for (const YamlNode* other = map.node->first; other; other = other->next) {
        if (other->key == entry->key) return other;
      }
      return nullptr;
    }
    if (map.index.empty()) {
      for (YamlNode* other = map.node->first; other; other = other->next) {
        map.index.emplace(other->key, other);
      }
    }
    const auto [found, is_new] = map.index.emplace(entry->key, entry);
    return is_new ? nullptr : found->second;
  }

  const FileName file_;
  const YamlLimits& limits_;
  Violations& violations_;
  std::array<std::byte, 32 * 1'024> first_memory_;
  std::pmr::monotonic_buffer_resource memory_{first_memory_.data(), first_memory_.size()};
  YAML::Mark start_;
  YamlNode* root_ = nullptr;
  std::vector<Open> open_;
  std::size_t node_count_ = 0;
};

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

class YamlFile::Parser final {
 public:
  Parser(FileName name, std::string_view text, YamlLimits limits)
      : name_(std::move(name)), text_(text), limits_(limits), buffer_(text_), stream_(&buffer_) {}

  const YamlNode* next(Violations& violations) {
    if (is_over_) return nullptr;
    if (!parser_ && !begin()) {
      violations.insert(violations.end(), found_.begin(), found_.end());
      return nullptr;
    }
    const YamlNode* root = read_document();
    violations.insert(violations.end(), found_.begin(), found_.end());
    found_.clear();
    return root;
  }

 private:
  bool begin() {
    if (const auto bad = find_bad_byte(text_)) {
      report(position_of(name_, text_, bad->first), bad->second);
      return false;
    }
    parser_.emplace(stream_);
    return true;
  }

  const YamlNode* read_document() {
    builder_.clear();
    try {
      if (!parser_->HandleNextDocument(builder_)) {
        is_over_ = true;
        if (document_count_ == 0) report({name_, 1, 1}, "the file has no document");
        return nullptr;
      }
    } catch (const Stop&) {
      is_over_ = true;
      return nullptr;
    } catch (const YAML::Exception& e) {
      report(e.mark.is_null() ? Position{name_, 1, 1}
                              : Position{name_, e.mark.line + 1, e.mark.column + 1},
             e.msg);
      return nullptr;
    }
    return check_document();
  }

  // yaml-cpp 0.7 answers some texts (`,`) with empty documents without end, at one place.
  const YamlNode* check_document() {
    const YamlNode* root = builder_.root();
    const Position at{name_, builder_.start().line + 1, builder_.start().column + 1};
    if (builder_.start().pos <= last_start_) return report(at, "nothing here can be read as YAML");
    last_start_ = builder_.start().pos;
    if (++document_count_ > limits_.documents) return report(at, "too many documents");
    if (root == nullptr || root->kind == YamlNode::Kind::empty) {
      return report(at, "the document is empty", "apiVersion, kind, metadata and spec");
    }
    return root;
  }

  const YamlNode* report(Position at, std::string what, std::string expected = {}) {
    is_over_ = true;
    found_.push_back({std::move(at), {}, std::move(what), std::move(expected), {}});
    return nullptr;
  }

  const FileName name_;
  const std::string_view text_;
  const YamlLimits limits_;
  TextBuffer buffer_;
  std::istream stream_;
  std::optional<YAML::Parser> parser_;
  Violations found_;
  TreeBuilder builder_{name_, limits_, found_};
  bool is_over_ = false;
  std::size_t document_count_ = 0;
  int last_start_ = -1;
};

const YamlNode* YamlNode::find(std::string_view name) const {
  if (kind != Kind::map) return nullptr;
  for (const YamlNode* entry = first; entry; entry = entry->next) {
    if (entry->key == name) return entry;
  }
  return nullptr;
}

YamlFile::YamlFile(FileName name, std::string_view text, YamlLimits limits)
    : parser_(std::make_unique<Parser>(std::move(name), text, limits)) {}

YamlFile::~YamlFile() = default;

const YamlNode* YamlFile::next(Violations& violations) { return parser_->next(violations); }

}  // namespace skiff
