#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sidecar/codec/http1_parser.h"

namespace skiff {

// What a byte may be part of.
enum ByteClass : std::uint8_t {
  token_byte = 1,   // RFC 9110, 5.6.2.
  underscore = 2,   // Beside token_byte.
  target_byte = 4,  // Of a request's target: what the WHATWG URL Standard leaves unencoded.
};

inline constexpr auto byte_classes = [] {
  std::array<std::uint8_t, 256> classes{};
  for (std::size_t c = 0x21; c < 0x7f; ++c) classes[c] = token_byte | target_byte;
  for (const char c : std::string_view("\"(),/:;<=>?@[\\]{}"))
    classes[static_cast<std::size_t>(c)] &= static_cast<std::uint8_t>(~token_byte);
  for (const char c : std::string_view("\"#<>"))
    classes[static_cast<std::size_t>(c)] &= static_cast<std::uint8_t>(~target_byte);
  classes['_'] |= underscore;
  return classes;
}();

inline std::uint8_t byte_class(char c) { return byte_classes[static_cast<unsigned char>(c)]; }
inline bool is_token_byte(char c) { return (byte_class(c) & token_byte) != 0; }
inline bool is_space(char c) { return c == ' ' || c == '\t'; }

// The first byte of [at, end) that no field value may hold: a control other than HTAB. Else `end`.
const char* find_value_end(const char* at, const char* end);

enum class LineStatus : std::uint8_t { field, end, more, bad, too_long };

// Reads the line `name: value CRLF` at `at`, or the empty line (`end`), and moves `at` behind it.
// Adds ByteClass::underscore to `marks` where the name has one. Reads no line that is longer than
// `line_bytes` without its CRLF.
LineStatus scan_field(const char*& at, const char* end, std::size_t line_bytes, Field& field,
                      std::uint8_t& marks);

// A head has no more fields than this, whatever Http1Limits says.
inline constexpr std::uint32_t most_fields = 1024;

struct ScannedFields {
  std::uint32_t count = 0;
  std::uint8_t marks = 0;  // ByteClass::underscore: some name has one.
  Field all[most_fields + 1];

  const Field* begin() const { return all; }
  const Field* end() const { return all + count; }
};

struct RequestLine {
  std::string_view method;
  std::string_view target;
  Version version = Version::http_1_1;
};

struct StatusLine {
  Version version = Version::http_1_1;
  std::uint16_t status = 0;
  std::string_view phrase;
};

// Finds the lines of one head, and nothing of what they mean. What it says of the first n bytes
// holds for all that begin with them, unless it says `more`.
class Http1Scanner final {
 public:
  Http1Scanner(std::string_view bytes, const Http1Limits& limits);

  // In this order; false: the verdict is `more` or `bad`.
  bool request_line(RequestLine& line);
  bool status_line(StatusLine& line);
  bool fields(ScannedFields& fields);

  const Http1Head& verdict() const { return verdict_; }
  const char* begin() const { return line_; }  // Of the first line; an empty one was skipped.
  const char* at() const { return at_; }       // Behind what was read.

 private:
  bool skip_empty_line();
  bool method(RequestLine& line);
  bool target(RequestLine& line);
  bool version(RequestLine& line);
  bool pattern(std::string_view expected);
  bool line_is_too_long(const char* at) const;
  bool more();
  bool bad(ErrorKind error);

  const char* at_;
  const char* end_;  // Of what may belong to the head.
  const char* line_;
  std::size_t line_bytes_;
  std::uint32_t header_count_;
  bool no_more_;  // A head that is not whole at end_ is too large.
  Http1Head verdict_;
};

}  // namespace skiff
