#include "config/schema/yaml_cursor.h"

#include <cstring>

namespace skiff {

YamlCursor::YamlCursor(FileName file, std::string_view text)
    : file_(std::move(file)), text_(text), end_(text.size()) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text_.starts_with(byte_order_mark)) at_ = line_start_ = byte_order_mark.size();
}

void YamlCursor::skip_spaces() {
  while (peek() == ' ') ++at_;
}

void YamlCursor::skip_rest() {
  const bool has_space = peek() == ' ';
  skip_spaces();
  if (peek() == '#' && (has_space || column() == 1)) {
    const void* line_feed = std::memchr(text_.data() + at_, '\n', end_ - at_);
    at_ = line_feed ? static_cast<std::size_t>(static_cast<const char*>(line_feed) - text_.data())
                    : end_;
  }
}

void YamlCursor::next_line() {
  if (peek() == '\r') ++at_;
  if (is_at_end()) return;
  ++at_;
  ++line_;
  line_start_ = at_;
}

void YamlCursor::skip_to_token() {
  skip_rest();
  while (is_line_end() && !is_at_end()) {
    next_line();
    skip_rest();
  }
}

bool YamlCursor::is_at_marker() const {
  if (at_ != line_start_ || !is_blank(3)) return false;
  const std::string_view here = text_.substr(at_, 3);
  return here == "---" || here == "...";
}

void YamlCursor::fail(Place place, std::string what, std::string expected) {
  if (has_failed_) return;
  found_.push_back(
      {{file_, place.line, place.column}, {}, std::move(what), std::move(expected), {}});
  has_failed_ = true;
  end_ = at_;
}

void YamlCursor::note(Place place, std::string what) {
  found_.push_back({{file_, place.line, place.column}, {}, std::move(what), {}, {}});
}

void YamlCursor::move_violations_to(Violations& violations) {
  for (Violation& violation : found_) violations.push_back(std::move(violation));
  found_.clear();
}

}  // namespace skiff
