#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skiff {

// A document that is to be written, in the order in which it was put together.
struct Tree {
  enum class Kind { word, text, list, map };  // A word (number, true) never has quotes.

  Kind kind = Kind::map;
  std::string text{};
  std::vector<Tree> items{};
  std::vector<std::pair<std::string, Tree>> entries{};

  static Tree word(std::string text) { return {.kind = Kind::word, .text = std::move(text)}; }
  static Tree in_quotes(std::string text) { return {.kind = Kind::text, .text = std::move(text)}; }
  static Tree list(std::vector<Tree> items) {
    return {.kind = Kind::list, .items = std::move(items)};
  }

  // Adds an entry to a map and returns it; refers until the next is added.
  Tree& add(std::string_view name, Tree value) {
    return entries.emplace_back(std::string(name), std::move(value)).second;
  }
  Tree& add(std::string_view name, std::string_view value) {
    return add(name, in_quotes(std::string(value)));
  }
};

// Both end with a line feed. YAML has quotes only where some reader would not take it for text.
std::string to_yaml(const Tree& tree);
std::string to_json(const Tree& tree);

// `text` as JSON has it, with its quotes.
std::string json_quoted(std::string_view text);

}  // namespace skiff
