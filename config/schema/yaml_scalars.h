#pragma once

#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>

#include "config/schema/yaml_cursor.h"

namespace skiff {

// Reads the texts of a YAML document at a cursor. What they say refers to the document where it
// stands there as it is, else to `memory`. Both must outlive this.
class YamlScalars final {
 public:
  YamlScalars(YamlCursor& cursor, std::pmr::memory_resource& memory)
      : cursor_(cursor), memory_(memory) {}

  // A plain text on one line, up to `: `, ` #` or the line's end; in a flow also up to , [ ] { }.
  // Empty after a failure: what stands here begins no text.
  std::string_view plain_line(bool is_in_flow);

  // A plain text that goes on in following lines, as long as these begin behind column `indent`.
  std::string_view plain(int indent);

  // At a quote: the text in it.
  std::string_view quoted();

  // At a `|`: the lines after it that begin behind column `indent`. Ends at the begin of a line.
  std::string_view literal(int indent);

 private:
  bool begins_plain(bool is_in_flow) const;
  void refuse_indicator(char c);
  std::string_view rest_of_plain_line(bool is_in_flow);
  int step_to_next_plain_line(int indent);
  std::string_view single_quoted(YamlCursor::Place start);
  std::string_view double_quoted(YamlCursor::Place start);
  void fold_lines(std::string& text);
  void read_escape(std::string& text);
  std::uint32_t read_hex(std::size_t digits);
  void read_literal_lines(int indent, std::string& text);
  std::string_view keep(const std::string& text);

  YamlCursor& cursor_;
  std::pmr::memory_resource& memory_;
};

}  // namespace skiff
