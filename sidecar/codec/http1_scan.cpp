#include "sidecar/codec/http1_scan.h"

#include <algorithm>
#include <cstring>
#include <limits>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace skiff {
namespace {

constexpr std::size_t most_method_bytes = 32;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool ends_line(char c) { return c == '\r' || c == '\n'; }

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

bool is_value_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

#ifdef __SSE2__
// Sixteen bytes, and which of them (a bit each) are what.
class Bytes16 final {
 public:
  explicit Bytes16(const char* at)
      : bytes_(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))) {}

  unsigned equal(char c) const { return mask(_mm_cmpeq_epi8(bytes_, _mm_set1_epi8(c))); }
  unsigned up_to(char last) const {
    return mask(_mm_cmpeq_epi8(_mm_min_epu8(bytes_, _mm_set1_epi8(last)), bytes_));
  }
  unsigned letters() const {
    return offset(_mm_or_si128(bytes_, _mm_set1_epi8(0x20)), 'a').up_to('z' - 'a');
  }
  unsigned digits() const { return offset(bytes_, '0').up_to(9); }
  unsigned above_ascii() const { return mask(bytes_); }

 private:
  explicit Bytes16(__m128i bytes) : bytes_(bytes) {}
  static Bytes16 offset(__m128i bytes, char from) {
    return Bytes16(_mm_sub_epi8(bytes, _mm_set1_epi8(from)));
  }
  static unsigned mask(__m128i bytes) { return static_cast<unsigned>(_mm_movemask_epi8(bytes)); }

  __m128i bytes_;
};
#endif

// Skips letters, digits and `-`, which most names are made of, sixteen at a time while as many are
// there. Stops at the first other byte, or earlier.
const char* skip_common_name(const char* at, const char* end) {
#ifdef __SSE2__
  for (; end - at >= 16; at += 16) {
    const Bytes16 bytes(at);
    const unsigned common = bytes.letters() | bytes.digits() | bytes.equal('-');
    if (common != 0xffff) return at + __builtin_ctz(~common);
  }
#endif
  return at;
}

const char* find_target_end(const char* at, const char* end) {
#ifdef __SSE2__
  for (; end - at >= 16; at += 16) {
    const Bytes16 bytes(at);
    const unsigned illegal = bytes.up_to(' ') | bytes.equal('"') | bytes.equal('#') |
                             bytes.equal('<') | bytes.equal('>') | bytes.equal(0x7f) |
                             bytes.above_ascii();
    if (illegal != 0) return at + __builtin_ctz(illegal);
  }
#endif
  while (at < end && (byte_class(*at) & target_byte) != 0) ++at;
  return at;
}

}  // namespace

const char* find_value_end(const char* at, const char* end) {
#ifdef __SSE2__
  for (; end - at >= 16; at += 16) {
    const Bytes16 bytes(at);
    const unsigned illegal = (bytes.up_to(0x1f) & ~bytes.equal('\t')) | bytes.equal(0x7f);
    if (illegal != 0) return at + __builtin_ctz(illegal);
  }
#endif
  while (at < end && is_value_byte(*at)) ++at;
  return at;
}

namespace {

// As scan_field(); to be inlined where it is hot, so that `at` and `marks` stay in registers.
[[gnu::always_inline]] inline LineStatus scan_line(const char*& at, const char* end,
                                                   std::size_t line_bytes, Field& field,
                                                   std::uint8_t& marks) {
  const char* const begin = at;
  const auto is_too_long = [=](const char* p) {
    return static_cast<std::size_t>(p - begin) > line_bytes;
  };
  const auto newline = [&](const char* p) {
    if (p + 1 == end) return LineStatus::more;
    if (p[1] != '\n') return LineStatus::bad;
    at = p + 2;
    return LineStatus::field;
  };
  if (begin == end) return LineStatus::more;
  if (*begin == '\r') {
    const LineStatus status = newline(begin);
    return status == LineStatus::field ? LineStatus::end : status;
  }

  const char* p = skip_common_name(begin, end);
  std::uint8_t seen = 0;
  for (; p < end; ++p) {
    const std::uint8_t byte = byte_class(*p);
    if ((byte & token_byte) == 0) break;
    seen |= byte;
  }
  if (is_too_long(p)) return LineStatus::too_long;
  if (p == end) return LineStatus::more;
  if (*p != ':' || p == begin) return LineStatus::bad;
  const char* const colon = p;
  do ++p;
  while (p < end && is_space(*p));
  const char* const value = p;
  p = find_value_end(p, end);
  if (is_too_long(p)) return LineStatus::too_long;
  if (p == end) return LineStatus::more;
  if (*p != '\r') return LineStatus::bad;

  const char* value_end = p;
  while (value_end > value && is_space(value_end[-1])) --value_end;
  const std::string_view name = between(begin, colon);
  field = {.name_at = begin,
           .value_at = value,
           .value_size = static_cast<std::uint32_t>(value_end - value),
           .name_size = static_cast<std::uint16_t>(name.size()),
           .id = field_id(name),
           .is_line = value == colon + 2 && colon[1] == ' ' && value_end == p};
  marks |= seen & underscore;
  return newline(p);
}

}  // namespace

LineStatus scan_field(const char*& at, const char* end, std::size_t line_bytes, Field& field,
                      std::uint8_t& marks) {
  return scan_line(at, end, line_bytes, field, marks);
}

Http1Scanner::Http1Scanner(std::string_view bytes, const Http1Limits& limits)
    : at_(bytes.data()),
      end_(at_ + std::min(bytes.size(), limits.header_bytes)),
      line_(at_),
      line_bytes_(
          std::min<std::size_t>(limits.line_bytes, std::numeric_limits<std::uint16_t>::max())),
      header_count_(std::min(limits.header_count, most_fields)),
      no_more_(bytes.size() >= limits.header_bytes) {}

bool Http1Scanner::request_line(RequestLine& line) {
  if (!skip_empty_line()) return false;
  line_ = at_;
  return method(line) && target(line) && version(line);
}

bool Http1Scanner::status_line(StatusLine& line) {
  const char* const begin = at_;
  if (!pattern("HTTP/d.d ddd")) return false;
  if (begin[5] != '1' || begin[7] > '1') return bad(ErrorKind::bad_response);
  line.version = begin[7] == '1' ? Version::http_1_1 : Version::http_1_0;
  line.status = static_cast<std::uint16_t>((begin[9] - '0') * 100 + (begin[10] - '0') * 10 +
                                           (begin[11] - '0'));
  if (at_ == end_) return more();
  if (*at_ == ' ') {
    const char* const phrase_end = find_value_end(at_ + 1, end_);
    line.phrase = between(at_ + 1, phrase_end);
    at_ = phrase_end;
  }
  if (line_is_too_long(at_)) return bad(ErrorKind::bad_response);
  return pattern("\r\n");
}

bool Http1Scanner::fields(ScannedFields& fields) {
  LineStatus status = LineStatus::field;
  std::uint32_t count = 0;
  std::uint8_t marks = 0;
  const char* at = at_;
  while (status == LineStatus::field && count <= header_count_) {
    status = scan_line(at, end_, line_bytes_, fields.all[count], marks);
    if (status == LineStatus::field) ++count;
  }
  at_ = at;
  fields.count = count;
  fields.marks = marks;
  switch (status) {
    case LineStatus::field:
      return bad(ErrorKind::bad_request_too_many_headers);
    case LineStatus::end:
      return true;
    case LineStatus::more:
      return more();
    case LineStatus::bad:
      return bad(ErrorKind::bad_request_header);
    case LineStatus::too_long:
      return bad(ErrorKind::bad_request_header_too_large);
  }
  return false;
}

// RFC 9112, 2.2: one empty line before the request line, as some clients send behind a body.
bool Http1Scanner::skip_empty_line() {
  if (at_ == end_) return more();
  return *at_ != '\r' || pattern("\r\n");
}

bool Http1Scanner::method(RequestLine& line) {
  const auto left = static_cast<std::size_t>(end_ - at_);
  const char* const stop = at_ + std::min(left, most_method_bytes + 1);
  const char* p = at_;
  while (p < stop && is_token_byte(*p)) ++p;
  line.method = between(at_, p);
  if (line.method.size() > most_method_bytes) return bad(ErrorKind::bad_request_method);
  if (p == end_) return more();
  if (ends_line(*p) || (p == at_ && *p == ' ')) return bad(ErrorKind::bad_request_line);
  if (*p != ' ') return bad(ErrorKind::bad_request_method);
  at_ = p + 1;
  return true;
}

bool Http1Scanner::target(RequestLine& line) {
  const char* const p = find_target_end(at_, end_);
  if (line_is_too_long(p)) return bad(ErrorKind::bad_request_line_too_long);
  if (p == end_) return more();
  if (ends_line(*p) || (p == at_ && *p == ' ')) return bad(ErrorKind::bad_request_line);
  if (*p != ' ') return bad(ErrorKind::bad_request_target);
  line.target = between(at_, p);
  at_ = p + 1;
  return true;
}

bool Http1Scanner::version(RequestLine& line) {
  constexpr std::string_view usual = "HTTP/1.1\r\n";
  const char* const begin = at_;
  const auto left = static_cast<std::size_t>(end_ - at_);
  if (left >= usual.size() && std::memcmp(at_, usual.data(), usual.size()) == 0) {
    at_ += usual.size();
  } else if (!pattern("HTTP/d.d\r\n")) {
    return false;
  }
  if (line_is_too_long(at_ - 2)) return bad(ErrorKind::bad_request_line_too_long);
  if (begin[5] != '1' || begin[7] > '1') return bad(ErrorKind::bad_request_version);
  line.version = begin[7] == '1' ? Version::http_1_1 : Version::http_1_0;
  return true;
}

// Reads what looks like `expected`, in which `d` is a digit.
bool Http1Scanner::pattern(std::string_view expected) {
  for (const char c : expected) {
    if (at_ == end_) return more();
    if (c == 'd' ? !is_digit(*at_) : *at_ != c) return bad(ErrorKind::bad_request_line);
    ++at_;
  }
  return true;
}

bool Http1Scanner::line_is_too_long(const char* at) const {
  return static_cast<std::size_t>(at - line_) > line_bytes_;
}

bool Http1Scanner::more() {
  if (no_more_) return bad(ErrorKind::bad_request_header_too_large);
  verdict_ = {.status = Http1Head::Status::more};
  return false;
}

bool Http1Scanner::bad(ErrorKind error) {
  verdict_ = {.status = Http1Head::Status::bad, .error = error};
  return false;
}

}  // namespace skiff
