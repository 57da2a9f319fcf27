#include "config/schema/shape_reader.h"

#include <algorithm>
#include <array>
#include <cassert>

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

constexpr std::size_t most_fields = 24;
using FoundFields = std::array<const YamlNode*, most_fields>;  // By the order in the shape.

// Says what is wrong and where.
class Reporter final {
 public:
  Reporter(const FileName& file, Violations& violations) : file_(file), violations_(violations) {}

  std::size_t count() const { return violations_.size(); }
  Position position(const YamlNode& node) const { return {file_, node.line, node.column}; }

  // At the value, or at the key of the entry.
  void at_value(const YamlNode& node, const Step& step, WrongScalar wrong) const {
    report(position(node), step, std::move(wrong));
  }
  void at_key(const YamlNode& entry, const Step& step, WrongScalar wrong) const {
    report({file_, entry.key_line, entry.key_column}, step, std::move(wrong));
  }

 private:
  void report(Position position, const Step& step, WrongScalar wrong) const {
    violations_.push_back({.position = std::move(position),
                           .path = to_path(&step),
                           .what = std::move(wrong.what),
                           .expected = std::move(wrong.expected),
                           .suggestion = std::move(wrong.suggestion)});
  }

  const FileName& file_;
  Violations& violations_;
};

// An object whose fields have been read.
struct ReadObject {
  const Shape& shape;
  const YamlNode& node;
  const Step& step;
  FoundFields found{};

  const YamlNode*& entry_of(const ShapeField& field) {
    return found[static_cast<std::size_t>(&field - shape.fields().data())];
  }
  const YamlNode* entry_of(const ShapeField& field) const {
    return found[static_cast<std::size_t>(&field - shape.fields().data())];
  }
};

void complain_of_kind(const Type& type, const YamlNode& node, const Step& step,
                      const Reporter& reporter) {
  static constexpr std::array<std::string_view, 5> names = {
      "has no value", "is not a map", "is not a map", "is a list", "is a map"};
  std::string what(names[static_cast<std::size_t>(node.kind)]);
  if (node.is_scalar() && type.kind == Type::Kind::list) what = "is not a list";
  reporter.at_value(node, step, {std::move(what), expectation(type), {}});
}

void complain_of_unknown(const Shape& shape, const YamlNode& entry, const Step& step,
                         const Reporter& reporter) {
  std::vector<std::string_view> names;
  for (const ShapeField& field : shape.fields()) names.push_back(field.name);
  std::string suggestion(nearest(entry.key, names));
  std::string expected = suggestion.empty() ? one_of(names) : "";
  reporter.at_key(entry, step, {"unknown field", std::move(expected), std::move(suggestion)});
}

void check_missing(const ReadObject& object, const Reporter& reporter) {
  for (const ShapeField& field : object.shape.fields()) {
    if (!field.is_required || !field.variant_of.empty()) continue;
    const YamlNode* entry = object.entry_of(field);
    const bool is_replaced =
        !field.instead.empty() && object.entry_of(*object.shape.find(field.instead));
    const Step at{&object.step, field.name};
    if (entry && is_replaced) {
      const std::string other(field.instead);
      reporter.at_key(*entry, at, {"does not belong beside " + other, "one of them", {}});
    } else if (!entry && !is_replaced) {
      std::string expected = expectation(field.type);
      if (!field.instead.empty()) expected += ", or " + std::string(field.instead);
      reporter.at_value(object.node, at, {"is missing", std::move(expected), {}});
    }
  }
}

// Which variant the object is of: what the field says that tells, or its default.
std::string variant_of(const ReadObject& object, const ShapeField& field) {
  const ShapeField& chooser = *object.shape.find(field.variant_of);
  if (const YamlNode* entry = object.entry_of(chooser)) return std::string(entry->text);
  const FreshObject fresh = object.shape.fresh();
  return scalar_text(chooser.type, chooser.in(fresh.get()));
}

void check_variants(const ReadObject& object, const Reporter& reporter) {
  for (const ShapeField& field : object.shape.fields()) {
    const YamlNode* entry = object.entry_of(field);
    if (field.variant_of.empty() || (!field.is_required && !entry)) continue;
    const std::string variant = variant_of(object, field);
    const bool belongs = std::ranges::find(field.variants, variant) != field.variants.end();
    const Step at{&object.step, field.name};
    const std::string chooser(field.variant_of);
    if (entry && !belongs) {
      reporter.at_key(*entry, at,
                      {"does not belong to " + chooser + " " + variant,
                       chooser + " " + one_of(field.variants),
                       {}});
    } else if (!entry && belongs && field.is_required) {
      reporter.at_value(
          object.node, at,
          {"is missing, as needed for " + chooser + " " + variant, expectation(field.type), {}});
    }
  }
}

// The node at `path` (`rules[1].name`) below `node`, or the nearest above it that there is.
const YamlNode& walk(const YamlNode& node, std::string_view path) {
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

void check_whole(const ReadObject& object, const void* value, const Reporter& reporter) {
  const Complain complain = [&](std::string_view path, std::string what, std::string expected) {
    const Step inner{&object.step, path};
    reporter.at_value(walk(object.node, path), inner, {std::move(what), std::move(expected), {}});
  };
  for (const ObjectCheck& check : object.shape.checks()) check(value, complain);
}

// Reads values, and what is in them.
class Reader final {
 public:
  explicit Reader(const Reporter& reporter) : reporter_(reporter) {}

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
    if (!node.is_scalar()) return complain_of_kind(type, node, step, reporter_);
    if (auto wrong = read_scalar(type, node, value)) {
      reporter_.at_value(node, step, std::move(*wrong));
    }
  }

  void read_object(const Shape& shape, const YamlNode& node, void* value, const Step& step) {
    static const Type object_type{.kind = Type::Kind::object};
    if (node.kind != YamlNode::Kind::map) {
      return complain_of_kind(object_type, node, step, reporter_);
    }
    const std::size_t count_before = reporter_.count();
    shape.place(value, reporter_.position(node));
    ReadObject object{shape, node, step};
    read_fields(object, value);
    check_missing(object, reporter_);
    if (reporter_.count() > count_before) return;
    check_variants(object, reporter_);
    check_whole(object, value, reporter_);
  }

 private:
  static void* append(const Type& type, void* holder) {
    void* element = type.access.append(holder);
    const Type& held = type.element.front();
    if (held.kind == Type::Kind::object) held.shape->prepare(element);
    return element;
  }

  void read_list(const Type& type, const YamlNode& node, void* list, const Step& step) {
    if (node.kind != YamlNode::Kind::list) return complain_of_kind(type, node, step, reporter_);
    std::uint64_t count = 0;
    for (const YamlNode* item = node.first; item; item = item->next) {
      if (count == type.most) {
        reporter_.at_value(*item, step, {"has too many items", expectation(type), {}});
        return;
      }
      const Step at{&step, {}, static_cast<int>(count++)};
      read(type.element.front(), *item, append(type, list), at);
    }
    if (count < type.least) {
      reporter_.at_value(node, step, {"has too few items", expectation(type), {}});
    }
  }

  void read_text_map(const Type& type, const YamlNode& node, void* value, const Step& step) {
    if (node.kind != YamlNode::Kind::map) return complain_of_kind(type, node, step, reporter_);
    static const Type text{.kind = Type::Kind::text};
    auto& map = *static_cast<std::map<std::string, std::string>*>(value);
    for (const YamlNode* entry = node.first; entry; entry = entry->next) {
      const Step at{&step, entry->key};
      if (entry->key.empty()) reporter_.at_key(*entry, step, {"has an empty key", "a name", {}});
      read(text, *entry, &map[std::string(entry->key)], at);
    }
  }

  void read_fields(ReadObject& object, void* value) {
    assert(object.shape.fields().size() <= most_fields);
    for (const YamlNode* entry = object.node.first; entry; entry = entry->next) {
      const Step at{&object.step, entry->key};
      const ShapeField* field = object.shape.find(entry->key);
      if (field == nullptr) {
        complain_of_unknown(object.shape, *entry, at, reporter_);
        continue;
      }
      object.entry_of(*field) = entry;
      read(field->type, *entry, field->in(value), at);
    }
  }

  const Reporter& reporter_;
};

}  // namespace

void read_object(const Shape& shape, const YamlNode& node, const FileName& file, void* object,
                 Violations& violations) {
  const Step root;
  const Reporter reporter(file, violations);
  Reader(reporter).read_object(shape, node, object, root);
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
      if (type.least == type.most) return "a list of " + std::to_string(type.least);
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
