#include "config/schema/tree.h"

#include <algorithm>
#include <array>

#include "config/schema/scalars.h"

namespace skiff {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// `3s`, `64KiB`, `0.5%`, `10.0.0.1`, but nothing that could be a date or a time of day.
bool is_measure(std::string_view text) {
  return is_digit(text.front()) && std::ranges::all_of(text, [](char c) {
           return is_digit(c) || is_letter(c) || c == '.' || c == '%';
         });
}

bool is_word(std::string_view text) {
  constexpr std::string_view others = "-_./+=@^$()<>;~";
  return (is_letter(text.front()) || text.front() == '/') &&
         std::ranges::all_of(text, [others](char c) {
           return is_digit(c) || is_letter(c) || others.find(c) != others.npos;
         });
}

// Whether all readers of YAML take `text` for this text when it stands without quotes.
bool can_be_plain(std::string_view text) {
  return !text.empty() && sort_of_plain(text).empty() && (is_word(text) || is_measure(text));
}

std::string scalar(const Tree& tree) {
  const bool is_bare = tree.kind == Tree::Kind::word || can_be_plain(tree.text);
  return is_bare ? tree.text : json_quoted(tree.text);
}

std::string key(std::string_view name) {
  return can_be_plain(name) ? std::string(name) : json_quoted(name);
}

bool is_scalar(const Tree& tree) {
  return tree.kind == Tree::Kind::word || tree.kind == Tree::Kind::text;
}

void write_yaml(const Tree& tree, std::size_t indent, std::string& out);

// What follows `name:`.
void write_yaml_value(const Tree& tree, std::size_t indent, std::string& out) {
  if (is_scalar(tree)) {
    out += " " + scalar(tree) + "\n";
  } else if (tree.items.empty() && tree.entries.empty()) {
    out += tree.kind == Tree::Kind::list ? " []\n" : " {}\n";
  } else {
    out += "\n";
    write_yaml(tree, indent + 2, out);
  }
}

void write_yaml(const Tree& tree, std::size_t indent, std::string& out) {
  const std::string margin(indent, ' ');
  for (const auto& [name, value] : tree.entries) {
    out += margin + key(name) + ":";
    write_yaml_value(value, indent, out);
  }
  for (const Tree& item : tree.items) {
    if (is_scalar(item) || (item.items.empty() && item.entries.empty())) {
      out += margin + "-";
      write_yaml_value(item, indent, out);
      continue;
    }
    const std::size_t start = out.size();
    write_yaml(item, indent + 2, out);
    out[start + indent] = '-';
  }
}

void write_json(const Tree& tree, std::size_t indent, std::string& out) {
  if (is_scalar(tree)) {
    out += tree.kind == Tree::Kind::word ? tree.text : json_quoted(tree.text);
    return;
  }
  const bool is_list = tree.kind == Tree::Kind::list;
  const std::string margin(indent + 2, ' ');
  out += is_list ? '[' : '{';
  bool is_first = true;
  const auto begin = [&] {
    out += (is_first ? "\n" : ",\n") + margin;
    is_first = false;
  };
  for (const Tree& item : tree.items) {
    begin();
    write_json(item, indent + 2, out);
  }
  for (const auto& [name, value] : tree.entries) {
    begin();
    out += json_quoted(name) + ": ";
    write_json(value, indent + 2, out);
  }
  if (!is_first) out += "\n" + std::string(indent, ' ');
  out += is_list ? ']' : '}';
}

}  // namespace

std::string json_quoted(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result.append("\\").append(1, c);
    } else if (code < 0x20 || code == 0x7F) {
      result.append("\\u00").append(1, digits[code >> 4]).append(1, digits[code & 15]);
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string to_yaml(const Tree& tree) {
  std::string out;
  write_yaml(tree, 0, out);
  return out.empty() ? "{}\n" : out;
}

std::string to_json(const Tree& tree) {
  std::string out;
  write_json(tree, 0, out);
  return out + "\n";
}

}  // namespace skiff
