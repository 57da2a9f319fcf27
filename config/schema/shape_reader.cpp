#include "config/schema/shape_reader.h"

#include <array>
#include <cassert>
#include <charconv>

#include "base/suggest.h"
#include "config/schema/scalars.h"

namespace skiff {
namespace {

// Where in a document the reader is; lives on the stack, from the root to here.
struct Step {
  const Step* parent = nullptr;
  std::string_view name;
  int index = -1;  // In a list.
};

std::string to_path(const Step* step) {
  if (step == nullptr) return {};
  const std::string before = to_path(step->parent);
  if (step->index >= 0) return before + "[" + std::to_string(step->index) + "]";
  if (step->name.empty()) return before;
  return before.empty() ? std::string(step->name) : before + "." + std::string(step->name);
}

class Reader final {
 public:
  Reader(const FileName& file, Violations& violations) : file_(file), violations_(violations) {}

  void read(const Type& type, const YamlNode& node, void* value, const Step& step) {
    switch (type.kind) {
      case Type::Kind::object:
        return read_object(*type.shape, node, value, step);
      case Type::Kind::list:
        return read_list(type, node, value, step);
      case Type::Kind::optional:
        return read(type.element.front(), node, append(type, value), step);
      case Type::Kind::text_map:
        return read_text_map(type, node, value, step);
      default:
        break;
    }
    if (!node.is_scalar()) return complain_of_kind(type, node, step);
    if (auto wrong = read_scalar(type, node, value)) {
      report(node.line, node.column, step, std::move(wrong->what), std::move(wrong->expected),
             std::move(wrong->suggestion));
    }
  }

  void read_object(const Shape& shape, const YamlNode& node, void* object, const Step& step) {
    if (node.kind != YamlNode::Kind::map) return complain_of_kind(object_type, node, step);
    const std::size_t violations_before = violations_.size();
    shape.place(object, {file_, node.line, node.column});
    FoundFields found{};
    read_fields(shape, node, object, step, found);
    complain_of_missing(shape, node, step, found);
    if (violations_.size() == violations_before) {
      check_variants(shape, node, step, found);
      check_whole(shape, node, object, step);
    }
  }

 private:
  static constexpr std::size_t most_fields = 24;
  using FoundFields = std::array<const YamlNode*, most_fields>;
  static inline const Type object_type{.kind = Type::Kind::object};

  void report(int line, int column, const Step& step, std::string what, std::string expected = {},
              std::string suggestion = {}) {
    violations_.push_back({.position = {file_, line, column},
                           .path = to_path(&step),
                           .what = std::move(what),
                           .expected = std::move(expected),
                           .suggestion = std::move(suggestion)});
  }

  void complain_of_kind(const Type& type, const YamlNode& node, const Step& step) {
    static constexpr std::array<std::string_view, 5> names = {
        "has no value", "is not a map", "is not a map", "is a list", "is a map"};
    std::string what(names[static_cast<std::size_t>(node.kind)]);
    if (node.is_scalar() && type.kind == Type::Kind::list) what = "is not a list";
    report(node.line, node.column, step, std::move(what), expectation(type));
  }

  static void* append(const Type& type, void* holder) {
    void* element = type.access.append(holder);
    const Type& held = type.element.front();
    if (held.kind == Type::Kind::object) held.shape->prepare(element);
    return element;
  }

  void read_list(const Type& type, const YamlNode& node, void* list, const Step& step) {
    if (node.kind != YamlNode::Kind::list) return complain_of_kind(type, node, step);
    std::uint64_t count = 0;
    for (const YamlNode* item = node.first; item; item = item->next) {
      if (count == type.most) {
        report(item->line, item->column, step, "has too many items", expectation(type));
        return;
      }
      const Step at{&step, {}, static_cast<int>(count++)};
      read(type.element.front(), *item, append(type, list), at);
    }
    if (count < type.least) {
      report(node.line, node.column, step, "has too few items", expectation(type));
    }
  }

  void read_text_map(const Type& type, const YamlNode& node, void* value, const Step& step) {
    if (node.kind != YamlNode::Kind::map) return complain_of_kind(type, node, step);
    static const Type text{.kind = Type::Kind::text};
    auto& map = *static_cast<std::map<std::string, std::string>*>(value);
    for (const YamlNode* entry = node.first; entry; entry = entry->next) {
      const Step at{&step, entry->key};
      if (entry->key.empty()) {
        report(entry->key_line, entry->key_column, step, "has an empty key", "a name");
      }
      read(text, *entry, &map[std::string(entry->key)], at);
    }
  }

  void read_fields(const Shape& shape, const YamlNode& node, void* object, const Step& step,
                   FoundFields& found) {
    assert(shape.fields().size() <= most_fields);
    for (const YamlNode* entry = node.first; entry; entry = entry->next) {
      const Step at{&step, entry->key};
      const Field* field = shape.find(entry->key);
      if (field == nullptr) {
        complain_of_unknown(shape, *entry, at);
        continue;
      }
      found[static_cast<std::size_t>(field - shape.fields().data())] = entry;
      read(field->type, *entry, field->in(object), at);
    }
  }

  void complain_of_unknown(const Shape& shape, const YamlNode& entry, const Step& step) {
    std::vector<std::string_view> names;
    for (const Field& field : shape.fields()) names.push_back(field.name);
    const std::string suggestion(nearest(entry.key, names));
    report(entry.key_line, entry.key_column, step, "unknown field",
           suggestion.empty() ? one_of(names) : "", suggestion);
  }

  void complain_of_missing(const Shape& shape, const YamlNode& node, const Step& step,
                           const FoundFields& found) {
    for (std::size_t i = 0; i < shape.fields().size(); ++i) {
      const Field& field = shape.fields()[i];
      if (!field.is_required || !field.variant_of.empty() || found[i]) continue;
      const Step at{&step, field.name};
      report(node.line, node.column, at, "is missing", expectation(field.type));
    }
  }

  // The value of the field that says which variant the object is, default if it is not there.
  static std::string variant_in(const Shape& shape, const FoundFields& found, const Field& field) {
    const Field* chooser = shape.find(field.variant_of);
    const YamlNode* node = found[static_cast<std::size_t>(chooser - shape.fields().data())];
    if (node) return std::string(node->text);
    const FreshObject fresh = shape.fresh();
    return std::string(chooser->type.choices[chooser->type.access.get(chooser->in(fresh.get()))]);
  }

  void check_variants(const Shape& shape, const YamlNode& node, const Step& step,
                      const FoundFields& found) {
    for (std::size_t i = 0; i < shape.fields().size(); ++i) {
      const Field& field = shape.fields()[i];
      if (field.variant_of.empty() || (!field.is_required && !found[i])) continue;
      const std::string variant = variant_in(shape, found, field);
      const bool belongs = std::ranges::find(field.variants, variant) != field.variants.end();
      const Step at{&step, field.name};
      const std::string chosen = std::string(field.variant_of) + " " + variant;
      if (found[i] && !belongs) {
        report(found[i]->key_line, found[i]->key_column, at, "does not belong to " + chosen,
               std::string(field.variant_of) + " " + one_of(field.variants));
      } else if (!found[i] && belongs && field.is_required) {
        report(node.line, node.column, at, "is missing, as needed for " + chosen,
               expectation(field.type));
      }
    }
  }

  void check_whole(const Shape& shape, const YamlNode& node, const void* object, const Step& step) {
    const Complain complain = [&](std::string_view name, std::string what, std::string expected) {
      const YamlNode& at = walk(node, name);
      const Step inner{&step, name};
      report(at.line, at.column, inner, std::move(what), std::move(expected));
    };
    for (const ObjectCheck& check : shape.checks()) check(object, complain);
  }

  // The node at `path` (`rules[1].name`) below `node`, or the nearest above it that there is.
  static const YamlNode& walk(const YamlNode& node, std::string_view path) {
    if (path.empty()) return node;
    const std::size_t end = std::min(path.find_first_of(".[", 1), path.size());
    const YamlNode* inner = nullptr;
    if (path.front() == '[') {
      inner = node.kind == YamlNode::Kind::list ? node.first : nullptr;
      for (int i = std::stoi(std::string(path.substr(1))); inner && i > 0; --i) inner = inner->next;
    } else {
      inner = node.find(path.substr(0, end));
    }
    if (inner == nullptr) return node;
    path.remove_prefix(end);
    if (path.starts_with('.')) path.remove_prefix(1);
    return walk(*inner, path);
  }

  const FileName& file_;
  Violations& violations_;
};

}  // namespace

void read_object(const Shape& shape, const YamlNode& node, const FileName& file, void* object,
                 Violations& violations) {
  const Step root;
  Reader(file, violations).read_object(shape, node, object, root);
}

std::string expectation(const Type& type) {
  const auto is_bounded = type.most != std::numeric_limits<std::uint64_t>::max();
  switch (type.kind) {
    case Type::Kind::object:
      return "a map of fields";
    case Type::Kind::text_map:
      return "a map of names to texts";
    case Type::Kind::optional:
      return expectation(type.element.front());
    case Type::Kind::list:
      if (type.least > 0 && is_bounded) {
        return "a list of " + std::to_string(type.least) + " to " + std::to_string(type.most);
      }
      if (type.least > 0) return "a list of at least " + std::to_string(type.least);
      return is_bounded ? "a list of at most " + std::to_string(type.most) : "a list";
    default:
      return scalar_expectation(type);
  }
}

}  // namespace skiff
