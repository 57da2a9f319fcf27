#include "config/schema/yaml_scalars.h"

#include <algorithm>
#include <cstring>

namespace skiff {
namespace {

bool is_flow_indicator(char c) { return c == ',' || c == '[' || c == ']' || c == '{' || c == '}'; }

bool is_flow_end(char c) { return c == ',' || c == ']' || c == '}'; }

void append_utf8(std::uint32_t code, std::string& text) {
  const auto put = [&text](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

}  // namespace

std::string_view YamlScalars::keep(const std::string& text) {
  if (text.empty()) return {};
  char* copy = static_cast<char*>(memory_.allocate(text.size(), 1));
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

void YamlScalars::refuse_indicator(char c) {
  switch (c) {
    case '&':
      return cursor_.fail("anchors (&name) are not supported", "the value without it");
    case '*':
      return cursor_.fail("aliases (*name) are not supported", "the value itself");
    case '!':
      return cursor_.fail("tags (!name) are not supported", "the plain value");
    case '>':
      return cursor_.fail("folded text (>) is not supported", "| or text in quotes");
    case '-':
      return cursor_.fail("a list within a line", "its items below, or [ITEM, ITEM]");
    case ':':
      return cursor_.fail("a key is missing", "NAME: VALUE");
    case '?':
      return cursor_.fail("keys behind a ? are not supported", "NAME: VALUE");
    default:
      return cursor_.fail(std::string(1, c) + " begins no value", "a value, or text in quotes");
  }
}

bool YamlScalars::begins_plain(bool is_in_flow) const {
  constexpr std::string_view indicators = ",[]{}#&*!|>'\"%@`";
  const char c = cursor_.peek();
  if (c == '-' || c == '?' || c == ':') {
    return !cursor_.is_blank(1) && !(is_in_flow && is_flow_indicator(cursor_.peek(1)));
  }
  return !cursor_.is_blank() && indicators.find(c) == indicators.npos;
}

std::string_view YamlScalars::plain_line(bool is_in_flow) {
  if (begins_plain(is_in_flow)) return rest_of_plain_line(is_in_flow);
  refuse_indicator(cursor_.peek());
  return {};
}

std::string_view YamlScalars::rest_of_plain_line(bool is_in_flow) {
  const std::size_t start = cursor_.offset();
  std::size_t end = start;  // Behind the last character that is no space.
  while (!cursor_.is_line_end()) {
    const char c = cursor_.peek();
    if (c == ':' && (cursor_.is_blank(1) || (is_in_flow && is_flow_end(cursor_.peek(1))))) {
      break;
    }
    if (c == ' ' && cursor_.peek(1) == '#') break;
    if (is_in_flow && is_flow_indicator(c)) break;
    cursor_.advance();
    if (c != ' ') end = cursor_.offset();
  }
  return cursor_.text(start, end);
}

// How many line feeds lie before the line in which the text goes on, where the cursor then is; 0,
// and the cursor as it was, if it does not.
int YamlScalars::step_to_next_plain_line(int indent) {
  const YamlCursor::Mark mark = cursor_.mark();
  int line_feeds = 0;
  cursor_.skip_spaces();
  while (cursor_.is_line_end() && !cursor_.is_at_end()) {
    cursor_.next_line();
    cursor_.skip_spaces();
    ++line_feeds;
  }
  const bool goes_on = line_feeds > 0 && cursor_.column() > indent && !cursor_.is_at_end() &&
                       cursor_.peek() != '#' && !cursor_.is_at_marker();
  if (goes_on) return line_feeds;
  cursor_.reset(mark);
  return 0;
}

std::string_view YamlScalars::plain(int indent) {
  const int first_line = cursor_.place().line;
  const std::string_view first = plain_line(false);
  std::string joined;
  while (!cursor_.has_failed()) {
    if (cursor_.peek() == ':') {
      cursor_.fail("a : within text that began in line " + std::to_string(first_line),
                   "quotes around the text, or one NAME: VALUE a line");
      return {};
    }
    const int line_feeds = step_to_next_plain_line(indent);
    if (line_feeds == 0) break;
    if (joined.empty()) joined = first;
    joined.append(line_feeds == 1 ? std::string(" ")
                                  : std::string(static_cast<std::size_t>(line_feeds) - 1, '\n'));
    joined += rest_of_plain_line(false);
  }
  return joined.empty() ? first : keep(joined);
}

std::string_view YamlScalars::quoted() {
  const YamlCursor::Place start = cursor_.place();
  const char quote = cursor_.peek();
  cursor_.advance();
  const std::size_t from = cursor_.offset();
  std::size_t length = 0;  // Where nothing needs a change, the text is as it stands.
  while (cursor_.peek(length) != quote && cursor_.peek(length) != '\\' &&
         cursor_.peek(length) != '\n' && cursor_.peek(length) != '\0') {
    ++length;
  }
  if (cursor_.peek(length) == quote && (quote == '"' || cursor_.peek(length + 1) != quote)) {
    cursor_.advance(length + 1);
    return cursor_.text(from, from + length);
  }
  return quote == '"' ? double_quoted(start) : single_quoted(start);
}

std::string_view YamlScalars::single_quoted(YamlCursor::Place start) {
  std::string text;
  while (!cursor_.is_at_end()) {
    const char c = cursor_.peek();
    if (cursor_.is_line_end()) {
      fold_lines(text);
    } else if (c != '\'') {
      text += c;
      cursor_.advance();
    } else if (cursor_.peek(1) == '\'') {
      text += c;
      cursor_.advance(2);
    } else {
      cursor_.advance();
      return keep(text);
    }
  }
  cursor_.fail(start, "the text in quotes has no end", "'");
  return {};
}

std::string_view YamlScalars::double_quoted(YamlCursor::Place start) {
  std::string text;
  while (!cursor_.is_at_end()) {
    const char c = cursor_.peek();
    if (cursor_.is_line_end()) {
      fold_lines(text);
    } else if (c == '\\') {
      read_escape(text);
    } else if (c == '"') {
      cursor_.advance();
      return keep(text);
    } else {
      text += c;
      cursor_.advance();
    }
  }
  cursor_.fail(start, "the text in quotes has no end", "\"");
  return {};
}

// At a line's end within quotes: one line feed is a space, and of more one is none.
void YamlScalars::fold_lines(std::string& text) {
  text.erase(text.find_last_not_of(' ') + 1);
  std::size_t line_feeds = 0;
  while (cursor_.is_line_end() && !cursor_.is_at_end()) {
    cursor_.next_line();
    if (cursor_.is_at_marker()) return cursor_.fail("the document ends within quotes");
    cursor_.skip_spaces();
    ++line_feeds;
  }
  text.append(line_feeds == 1 ? std::string(" ") : std::string(line_feeds - 1, '\n'));
}

std::uint32_t YamlScalars::read_hex(std::size_t digits) {
  std::uint32_t code = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = cursor_.peek();
    const std::string_view all = "0123456789abcdef";
    const std::size_t value = all.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
    if (value == all.npos) {
      cursor_.fail("a \\x, \\u or \\U has too few digits", std::to_string(digits) + " digits");
      return 0;
    }
    code = code << 4 | static_cast<std::uint32_t>(value);
    cursor_.advance();
  }
  return code;
}

void YamlScalars::read_escape(std::string& text) {
  constexpr std::string_view letters = "abtnvfre\"\\/ ";
  constexpr std::string_view meanings = "\a\b\t\n\v\f\r\x1B\"\\/ ";
  const YamlCursor::Place start = cursor_.place();
  cursor_.advance();
  if (cursor_.is_line_end() && !cursor_.is_at_end()) {  // A line end that is not to be seen.
    cursor_.next_line();
    return cursor_.skip_spaces();
  }
  const char letter = cursor_.peek();
  const std::size_t simple = letters.find(letter);
  if (simple != letters.npos && letter != '\0') {
    text += meanings[simple];
    return cursor_.advance();
  }
  const std::size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
  if (digits == 0)
    return cursor_.fail(start, "unknown escape in quotes",
                        "one of \\\\ \\\" \\n \\t \\xHH \\uHHHH");
  cursor_.advance();
  const std::uint32_t code = read_hex(digits);
  const bool is_character = code > 0 && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
  if (!is_character) return cursor_.fail(start, "the escape means no character");
  append_utf8(code, text);
}

std::string_view YamlScalars::literal(int indent) {
  cursor_.advance();
  const char chomping = cursor_.peek();
  if (chomping == '-' || chomping == '+') cursor_.advance();
  cursor_.skip_rest();
  if (!cursor_.is_line_end()) {
    cursor_.fail("text after |", "its lines below, further in");
    return {};
  }
  cursor_.next_line();
  std::string text;
  read_literal_lines(indent, text);
  if (chomping == '+') return keep(text);
  const bool is_ended =
      text.ends_with('\n');  // It is not where the file ends within its last line.
  text.erase(text.find_last_not_of('\n') + 1);
  if (chomping != '-' && is_ended && !text.empty()) text += '\n';
  return keep(text);
}

// Each line that begins behind column `indent`, as far in as the first, with its line feed.
void YamlScalars::read_literal_lines(int indent, std::string& text) {
  int margin = 0;  // The column where all lines begin; the first that is not empty tells.
  int deepest_empty = 0;
  while (!cursor_.is_at_end()) {
    const YamlCursor::Mark line_start = cursor_.mark();
    while (cursor_.peek() == ' ' && (margin == 0 || cursor_.column() < margin)) cursor_.advance();
    if (cursor_.is_line_end()) {
      if (margin == 0) deepest_empty = std::max(deepest_empty, cursor_.column());
    } else {
      if (margin == 0) margin = cursor_.column();
      if (margin > indent && margin < deepest_empty) {
        return cursor_.fail("the text begins further out than an empty line before it");
      }
      if (margin <= indent || cursor_.column() < margin) return cursor_.reset(line_start);
    }
    const std::size_t from = cursor_.offset();
    while (!cursor_.is_line_end()) cursor_.advance();
    text.append(cursor_.text(from, cursor_.offset()));
    if (!cursor_.is_at_end()) text += '\n';
    cursor_.next_line();
  }
}

}  // namespace skiff
