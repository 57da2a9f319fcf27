#include "sidecar/codec/http2_fields.h"

#include <algorithm>

#include "sidecar/codec/request_rules.h"

namespace skiff {
namespace {

constexpr std::uint32_t usual_fields = 24;
constexpr std::size_t separators = 4;  // `: ` and CRLF.
// A head over a limit is read on, to be answered with 431; over that many times the limit it is not
// worth it.
constexpr std::size_t far = 4;

}  // namespace

void Http2Fields::begin(Arena& arena) {
  *this = Http2Fields();
  arena_ = &arena;
}

Http2Fields::Added Http2Fields::add(std::string_view name, std::string_view value,
                                    const Http1Limits& limits) {
  ++count_;
  bytes_ += name.size() + value.size() + separators;
  if (bytes_ > limits.header_bytes || name.size() + value.size() + 2 > limits.line_bytes) {
    broken_limit_ = ErrorKind::bad_request_header_too_large;
  } else if (count_ > limits.header_count) {
    broken_limit_ = ErrorKind::bad_request_too_many_headers;
  }
  if (broken_limit_ != ErrorKind::none) {
    const bool far_over = count_ > far * limits.header_count || bytes_ > far * limits.header_bytes;
    return far_over ? Added::far_over : Added::over;
  }
  if (name[0] == ':') {
    if (std::string_view* const field = pseudo_field(name); field != nullptr)
      *field = arena_->copy(value);
    return Added::fine;
  }
  const FieldId id = field_id(name);
  if (take_special(id, value)) return Added::fine;
  keep(id, name, value);
  if (limits.drop_underscored && is_misleading(headers.end()[-1])) headers.remove(name);
  return Added::fine;
}

std::string_view* Http2Fields::pseudo_field(std::string_view name) {
  if (name == ":method") return &method;
  if (name == ":scheme") return &scheme;
  if (name == ":authority") return &authority;
  if (name == ":path") return &path;
  if (name == ":status") return &status;
  return name == ":protocol" ? &protocol : nullptr;
}

// Fields of one hop, or of the framing.
bool Http2Fields::take_special(FieldId id, std::string_view value) {
  switch (id) {
    case FieldId::host:
      host = arena_->copy(value);
      return true;
    case FieldId::content_length:
      length = arena_->copy(value);
      return true;
    case FieldId::expect:
      (equals_ignoring_case(value, "100-continue") ? expects_continue : expects_other) = true;
      return true;
    case FieldId::te:  // nghttp2 lets nothing pass but `trailers`.
      accepts_trailers = true;
      return true;
    case FieldId::connection:
    case FieldId::http2_settings:
    case FieldId::keep_alive:
    case FieldId::proxy_authenticate:
    case FieldId::proxy_authorization:
    case FieldId::proxy_connection:
    case FieldId::transfer_encoding:
    case FieldId::upgrade:
      return true;
    default:
      return false;
  }
}

// As the line that HTTP/1 would forward, one behind the other.
void Http2Fields::keep(FieldId id, std::string_view name, std::string_view value) {
  if (headers.size() == 0) headers.reserve(*arena_, usual_fields);
  if (id == FieldId::cookie) ++crumbs_;
  char* const line = arena_->allocate(name.size() + value.size() + separators, 1);
  char* at = std::copy(name.begin(), name.end(), line);
  *at++ = ':';
  *at++ = ' ';
  char* const value_at = at;
  at = std::copy(value.begin(), value.end(), at);
  *at++ = '\r';
  *at = '\n';
  headers.push_back(*arena_, {.name_at = line,
                              .value_at = value_at,
                              .value_size = static_cast<std::uint32_t>(value.size()),
                              .name_size = static_cast<std::uint16_t>(name.size()),
                              .id = id,
                              .is_line = true});
}

void Http2Fields::join_cookies() {
  if (crumbs_ < 2) return;
  std::size_t size = 0;
  for (const Field& field : headers)
    if (field.id == FieldId::cookie) size += field.value_size + 2;
  char* const joined = arena_->allocate(size, 1);
  char* at = joined;
  for (const Field& field : headers) {
    if (field.id != FieldId::cookie) continue;
    if (at != joined) at = std::copy_n("; ", 2, at);
    at = std::copy_n(field.value_at, field.value_size, at);
  }
  headers.set(*arena_, "cookie", {joined, static_cast<std::size_t>(at - joined)});
  crumbs_ = 1;
}

}  // namespace skiff
