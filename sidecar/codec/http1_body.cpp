#include "sidecar/codec/http1_body.h"

#include <algorithm>
#include <cstring>

#include "sidecar/codec/http1_scan.h"

namespace skiff {
namespace {

constexpr std::uint8_t most_digits = 16;
constexpr std::uint32_t most_extension_bytes = 4096;
constexpr std::uint32_t most_trailer_bytes = 8192;
constexpr std::uint32_t most_trailers = 64;
// Moving more than this costs more than another piece.
constexpr std::uint64_t most_moved_bytes = 4096;

// 0 to 15, or -1.
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

bool may_be_trailer(std::string_view name) {
  return !is_protected(name) && !starts_like(name, "content-") && !starts_like(name, "proxy-");
}

}  // namespace

void Http1Body::start(BodyKind kind, std::uint64_t length) {
  *this = Http1Body();
  switch (kind) {
    case BodyKind::none:
      break;
    case BodyKind::length:
      remaining_ = length;
      if (length > 0) state_ = State::counted;
      break;
    case BodyKind::chunked:
      state_ = State::size_first;
      break;
    case BodyKind::close:
    case BodyKind::tunnel:
      state_ = State::endless;
      break;
  }
}

Http1Body::Piece Http1Body::next(char* at, std::size_t size, Arena& arena) {
  Piece piece;
  if (state_ == State::counted || state_ == State::endless) {
    piece = plain(at, size);
  } else if (state_ != State::ended && state_ != State::failed) {
    piece = chunked(at, size, arena);
  }
  piece.ended = state_ == State::ended;
  if (state_ == State::failed) piece.error = ErrorKind::bad_request_chunk;
  return piece;
}

Http1Body::Piece Http1Body::plain(char* at, std::size_t size) {
  if (state_ == State::counted) {
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, remaining_));
    remaining_ -= size;
    if (remaining_ == 0) state_ = State::ended;
  }
  return {.data = {at, size}, .consumed = size};
}

Http1Body::Piece Http1Body::chunked(char* at, std::size_t size, Arena& arena) {
  const char* p = at;
  const char* const end = at + size;
  char* run = at;  // The data found so far is [run, run_end).
  char* run_end = at;
  while (p < end && state_ != State::ended && state_ != State::failed) {
    if (state_ == State::trailer) {
      if (!read_trailers(p, end, arena)) break;
    } else if (state_ == State::data) {
      const auto part = std::min<std::uint64_t>(remaining_, static_cast<std::uint64_t>(end - p));
      if (run == run_end) {
        run = run_end = at + (p - at);
      } else if (part > most_moved_bytes) {
        break;
      } else {
        std::memmove(run_end, p, part);
      }
      run_end += part;
      p += part;
      remaining_ -= part;
      if (remaining_ == 0) state_ = State::data_cr;
    } else {
      state_ = after(*p++);
    }
  }
  return {.data = {run, static_cast<std::size_t>(run_end - run)},
          .consumed = static_cast<std::size_t>(p - at)};
}

// The state behind one byte of framing.
Http1Body::State Http1Body::after(char c) {
  switch (state_) {
    case State::size_first:
      remaining_ = 0;
      digits_ = 0;
      return hex_value(c) < 0 ? State::failed : after_size(c);
    case State::size_more:
      return after_size(c);
    case State::extension:
      return after_extension(c);
    case State::size_lf:
      if (c != '\n') return State::failed;
      return remaining_ == 0 ? State::trailer : State::data;
    case State::data_cr:
      return c == '\r' ? State::data_lf : State::failed;
    case State::data_lf:
      return c == '\n' ? State::size_first : State::failed;
    default:
      return State::failed;
  }
}

Http1Body::State Http1Body::after_size(char c) {
  if (c == '\r') return State::size_lf;
  if (c == ';') {
    extension_ = Extension::closed;
    return after_extension(c);
  }
  const int digit = hex_value(c);
  if (digit < 0 || ++digits_ > most_digits) return State::failed;
  remaining_ = remaining_ << 4 | static_cast<std::uint64_t>(digit);
  return State::size_more;
}

Http1Body::State Http1Body::after_extension(char c) {
  const bool may_end = extension_ == Extension::name || extension_ == Extension::token ||
                       extension_ == Extension::closed;
  if (may_end && c == '\r') return State::size_lf;
  if (++extension_bytes_ > most_extension_bytes) return State::failed;
  if (may_end && c == ';') {
    extension_ = Extension::name_first;
    return State::extension;
  }
  return take_extension(c) ? State::extension : State::failed;
}

// RFC 9112, 7.1.1.
bool Http1Body::take_extension(char c) {
  switch (extension_) {
    case Extension::name_first:
      extension_ = Extension::name;
      return is_token_byte(c);
    case Extension::name:
      if (c == '=') extension_ = Extension::value_first;
      return c == '=' || is_token_byte(c);
    case Extension::value_first:
      extension_ = c == '"' ? Extension::quoted : Extension::token;
      return c == '"' || is_token_byte(c);
    case Extension::token:
      return is_token_byte(c);
    case Extension::quoted:
      if (c == '\\') extension_ = Extension::escaped;
      if (c == '"') extension_ = Extension::closed;
      return !is_control(c);
    case Extension::escaped:
      extension_ = Extension::quoted;
      return !is_control(c);
    case Extension::closed:
      return false;
  }
  return false;
}

// False: the next line is not whole yet.
bool Http1Body::read_trailers(const char*& at, const char* end, Arena& arena) {
  const char* const line = at;
  Field field{};
  std::uint8_t marks = 0;
  const LineStatus status = scan_field(at, end, most_trailer_bytes - trailer_bytes_, field, marks);
  const auto size = static_cast<std::size_t>(at - line);
  switch (status) {
    case LineStatus::more:
      return false;
    case LineStatus::end:
      state_ = State::ended;
      return true;
    case LineStatus::field:
      trailer_bytes_ += static_cast<std::uint32_t>(size);
      if (trailer_bytes_ > most_trailer_bytes ||
          trailers_.size() + dropped_trailers_ == most_trailers) {
        fail();
      } else {
        keep_trailer(line, size, field, arena);
      }
      return true;
    default:
      fail();
      return true;
  }
}

void Http1Body::keep_trailer(const char* line, std::size_t size, Field field, Arena& arena) {
  if (!may_be_trailer(field.name())) {
    ++dropped_trailers_;
    return;
  }
  const char* const kept = arena.copy({line, size}).data();
  field.name_at = kept;
  field.value_at = kept + (field.value_at - line);
  trailers_.push_back(arena, field);
}

}  // namespace skiff
