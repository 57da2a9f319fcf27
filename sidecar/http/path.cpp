#include "sidecar/http/path.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace skiff {
namespace {

enum class Class : std::uint8_t { refused, plain, slash, percent, question };

constexpr bool is_alphanumeric(int c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

constexpr bool is_unreserved(int c) {
  return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

// RFC 3986's pchar without `;`, and what the WHATWG URL Standard leaves as it is in a path.
constexpr auto path_classes = [] {
  std::array<Class, 256> classes{};
  for (int c = 0; c < 128; ++c)
    if (is_unreserved(c)) classes[static_cast<std::size_t>(c)] = Class::plain;
  for (const char c : {'!', '$', '&', '\'', '(', ')', '*', '+', ',', '=', ':', '@', '[', ']', '|'})
    classes[static_cast<std::size_t>(c)] = Class::plain;
  classes['/'] = Class::slash;
  classes['%'] = Class::percent;
  classes['?'] = Class::question;
  return classes;
}();

// What the WHATWG URL Standard leaves as it is in a query.
constexpr auto query_bytes = [] {
  std::array<bool, 256> legal{};
  for (std::size_t c = 0x21; c < 0x7f; ++c) legal[c] = true;
  for (const char c : {'"', '#', '<', '>'}) legal[static_cast<std::size_t>(c)] = false;
  return legal;
}();

Class class_of(char c) { return path_classes[static_cast<unsigned char>(c)]; }

bool is_query(std::string_view text) {
  for (const char c : text)
    if (!query_bytes[static_cast<unsigned char>(c)]) return false;
  return true;
}

// 0 to 15, or -1.
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Writes the canonical form of a path that is not canonical yet.
class PathWriter final {
 public:
  // `to` has room for the whole of what is to be read: it never becomes longer.
  explicit PathWriter(char* to) : begin_(to), at_(to + 1), segment_(at_) { *to = '/'; }

  // False: the path is refused.
  bool write(std::string_view path) {
    for (std::size_t i = 1; i < path.size(); ++i) {
      switch (class_of(path[i])) {
        case Class::plain:
          *at_++ = path[i];
          break;
        case Class::slash:
          if (!close_segment()) return false;
          if (at_ != segment_) *at_++ = '/';
          segment_ = at_;
          break;
        case Class::percent:
          if (!decode(path.substr(i))) return false;
          i += 2;
          break;
        default:
          return false;
      }
    }
    return close_segment();
  }
  char* end() const { return at_; }

 private:
  // Takes back `.`, and with `..` the segment before it.
  bool close_segment() {
    const std::string_view segment(segment_, static_cast<std::size_t>(at_ - segment_));
    if (segment == ".") at_ = segment_;
    if (segment != "..") return true;
    if (segment_ == begin_ + 1) return false;
    at_ = segment_ - 1;
    while (at_[-1] != '/') --at_;
    segment_ = at_;
    return true;
  }

  bool decode(std::string_view text) {
    if (text.size() < 3) return false;
    const int high = hex_value(text[1]);
    const int low = hex_value(text[2]);
    if (high < 0 || low < 0) return false;
    const int byte = high << 4 | low;
    if (byte == '/' || byte == '\\' || byte == 0) return false;
    if (is_unreserved(byte)) {
      *at_++ = static_cast<char>(byte);
    } else {
      constexpr char digits[] = "0123456789ABCDEF";
      *at_++ = '%';
      *at_++ = digits[high];
      *at_++ = digits[low];
    }
    return true;
  }

  char* begin_;
  char* at_;
  char* segment_;  // Where the segment that is being written begins.
};

// How many bytes of `text` are a canonical path as they stand, up to `?`, the end, or the first
// place to look at closely.
std::size_t plain_prefix(std::string_view text) {
  const char* const end = text.data() + text.size();
  const char* at = text.data();
  for (;;) {
    while (at < end && class_of(*at) == Class::plain) ++at;
    if (at == end || *at != '/') break;
    if (at + 1 < end && (at[1] == '/' || at[1] == '.')) break;
    ++at;
  }
  return static_cast<std::size_t>(at - text.data());
}

CanonicalTarget split_at(std::string_view target, std::size_t path_size) {
  return {.target = target,
          .path = target.substr(0, path_size),
          .query = path_size < target.size() ? target.substr(path_size + 1) : std::string_view()};
}

}  // namespace

std::optional<CanonicalTarget> canonical_target(std::string_view text, Arena& arena) {
  if (text.empty() || text[0] != '/') return std::nullopt;
  const std::size_t plain = plain_prefix(text);
  if (plain == text.size()) return split_at(text, plain);
  const std::size_t question = text[plain] == '?' ? plain : text.find('?', plain);
  const std::size_t path_size = std::min(question, text.size());
  if (!is_query(text.substr(path_size))) return std::nullopt;
  if (plain == path_size) return split_at(text, plain);

  char* const to = arena.allocate(text.size(), 1);
  PathWriter writer(to);
  if (!writer.write(text.substr(0, path_size))) return std::nullopt;
  const std::size_t rest = text.size() - path_size;
  std::memcpy(writer.end(), text.data() + path_size, rest);
  const auto written = static_cast<std::size_t>(writer.end() - to);
  return split_at({to, written + rest}, written);
}

}  // namespace skiff
