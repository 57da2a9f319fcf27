#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/schema/violation.h"

namespace skiff {

// Walks over a text and knows line and column. The first failure ends the walk: from then on
// nothing is left to read, so that whoever reads comes to an end by itself.
class YamlCursor final {
 public:
  struct Place {
    int line = 1;
    int column = 1;
  };

  // `text` must outlive this, has no tabs and no control characters but line feeds (maybe with a
  // carriage return before).
  YamlCursor(FileName file, std::string_view text);

  bool is_at_end() const { return at_ >= end_; }
  bool has_failed() const { return has_failed_; }
  // The character `ahead` of here; NUL behind the end.
  char peek(std::size_t ahead = 0) const { return at_ + ahead < end_ ? text_[at_ + ahead] : '\0'; }
  // Whether here is a space, the end of a line or of the text; `ahead` as above.
  bool is_blank(std::size_t ahead = 0) const {
    const char c = peek(ahead);
    return c == ' ' || c == '\n' || c == '\r' || c == '\0';
  }
  bool is_line_end() const { return peek() != ' ' && is_blank(); }
  std::size_t offset() const { return at_; }
  Place place() const { return {line_, column()}; }
  int column() const { return static_cast<int>(at_ - line_start_) + 1; }
  std::string_view text(std::size_t from, std::size_t to) const {
    return text_.substr(from, to - from);
  }

  struct Mark {
    std::size_t at;
    std::size_t line_start;
    int line;
  };
  Mark mark() const { return {at_, line_start_, line_}; }
  // Back to where `mark` was made.
  void reset(const Mark& mark) {
    at_ = mark.at;
    line_start_ = mark.line_start;
    line_ = mark.line;
  }

  // Not over a line feed.
  void advance(std::size_t count = 1) { at_ += count; }
  void skip_spaces();
  // Over spaces and comments to the end of the line at most. Needs to stand behind a value: a `#`
  // begins a comment only after a space.
  void skip_rest();
  // Over the end of this line, or to the end of the text.
  void next_line();
  // To the next character that is no space, line end or comment.
  void skip_to_token();

  // Whether here, at the beginning of a line, is a `---` or `...`.
  bool is_at_marker() const;

  // What is wrong, first of all; the rest is over.
  void fail(Place place, std::string what, std::string expected = {});
  void fail(std::string what, std::string expected = {}) {
    fail(place(), std::move(what), std::move(expected));
  }
  // Something that is wrong but does not end the walk.
  void note(Place place, std::string what);
  // Gives away what was found so far.
  void move_violations_to(Violations& violations);

 private:
  const FileName file_;
  const std::string_view text_;
  std::size_t at_ = 0;
  std::size_t end_;
  std::size_t line_start_ = 0;
  int line_ = 1;
  bool has_failed_ = false;
  Violations found_;
};

}  // namespace skiff
