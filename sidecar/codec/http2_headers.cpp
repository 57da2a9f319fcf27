#include "sidecar/codec/http2_headers.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/whole_number.h"
#include "sidecar/codec/http1_special.h"
#include "sidecar/codec/request_rules.h"
#include "sidecar/http/authority.h"
#include "sidecar/http/path.h"

namespace skiff {
namespace {

bool has_upper(std::string_view name) {
  return std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

// ---- Requests

// One head on its way into a Request.
class RequestMaker final {
 public:
  RequestMaker(Http2Fields& fields, Arena& arena, Request& request)
      : fields_(fields), arena_(arena), request_(request) {}

  ErrorKind make(bool ended, std::string_view websocket_key);

 private:
  ErrorKind make_method();
  ErrorKind make_target();
  ErrorKind make_authority();
  ErrorKind make_framing(bool ended);
  ErrorKind make_connect(std::string_view websocket_key);
  bool is_connect() const { return request_.method == Method::connect; }

  Http2Fields& fields_;
  Arena& arena_;
  Request& request_;
};

ErrorKind RequestMaker::make(bool ended, std::string_view websocket_key) {
  request_.version = Version::http_2;
  request_.headers = fields_.headers;
  ErrorKind error = make_method();
  if (error == ErrorKind::none) error = make_authority();
  if (error == ErrorKind::none) error = make_target();
  if (error == ErrorKind::none) error = make_framing(ended);
  if (error == ErrorKind::none && !fields_.protocol.empty()) error = make_connect(websocket_key);
  if (error != ErrorKind::none) return error;
  if (std::any_of(request_.headers.begin(), request_.headers.end(), is_misleading))
    return ErrorKind::bad_request_header;
  if (fields_.expects_other) return ErrorKind::bad_request_expectation;
  request_.expects_continue = fields_.expects_continue && request_.body != BodyKind::none;
  request_.accepts_trailers = fields_.accepts_trailers;
  return ErrorKind::none;
}

ErrorKind RequestMaker::make_method() {
  request_.method_name = fields_.method;
  request_.method = method_id(fields_.method);
  return judge_method(request_.method_name, request_.method);
}

// Of `host` beside :authority nothing remains but that it must agree (RFC 9113, 8.3.1).
ErrorKind RequestMaker::make_authority() {
  const bool by_host = fields_.authority.empty();
  const std::string_view authority = by_host ? fields_.host : fields_.authority;
  const bool plain_connect = is_connect() && fields_.protocol.empty();
  if (plain_connect ? !is_authority_with_port(authority) : !is_authority(authority))
    return ErrorKind::bad_request_host;
  make_lower(authority);
  if (!by_host && !fields_.host.empty()) {
    make_lower(fields_.host);
    if (fields_.host != authority) return ErrorKind::bad_request_host;
  }
  request_.authority = authority;
  return ErrorKind::none;
}

ErrorKind RequestMaker::make_target() {
  if (is_connect() && fields_.protocol.empty()) {
    request_.target = request_.authority;
    return ErrorKind::none;
  }
  if (fields_.scheme != "http" && fields_.scheme != "https") return ErrorKind::bad_request_target;
  request_.scheme = fields_.scheme;
  if (fields_.path == "*") {
    request_.target = request_.path = fields_.path;
    const bool good = request_.method == Method::options;
    return good ? ErrorKind::none : ErrorKind::bad_request_target;
  }
  const auto canonical = canonical_target(fields_.path, arena_);
  if (!canonical) return ErrorKind::bad_request_target;
  request_.target = canonical->target;
  request_.path = canonical->path;
  request_.query = canonical->query;
  return ErrorKind::none;
}

ErrorKind RequestMaker::make_framing(bool ended) {
  const bool with_length = !fields_.length.empty();
  if (is_connect()) return with_length ? ErrorKind::bad_request_framing : ErrorKind::none;
  if (with_length) {
    request_.body = BodyKind::length;
    const bool good = parse_content_length(fields_.length, request_.content_length) &&
                      (!ended || request_.content_length == 0);
    return good ? ErrorKind::none : ErrorKind::bad_request_framing;
  }
  request_.body = ended ? BodyKind::none : BodyKind::chunked;
  return ErrorKind::none;
}

ErrorKind RequestMaker::make_connect(std::string_view websocket_key) {
  if (!is_connect()) return ErrorKind::bad_request_method;
  request_.method = Method::get;
  request_.method_name = "GET";
  request_.upgrade = fields_.protocol;
  if (fields_.protocol == "websocket")
    request_.headers.set(arena_, "sec-websocket-key", arena_.copy(websocket_key));
  return ErrorKind::none;
}

// ---- Answers

bool read_status(std::string_view text, std::uint16_t& status) {
  status = whole_number<std::uint16_t>(text).value_or(0);
  return text.size() == 3 && status >= 100;
}

// RFC 6455, 4.2.2: what proves that the server has understood `key`.
std::string_view websocket_accept(std::string_view key, Arena& arena) {
  constexpr std::string_view magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  char* const text = arena.allocate(key.size() + magic.size(), 1);
  std::copy(magic.begin(), magic.end(), std::copy(key.begin(), key.end(), text));
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text), key.size() + magic.size(), digest.data());
  constexpr std::size_t size = (SHA_DIGEST_LENGTH + 2) / 3 * 4;
  char* const base64 = arena.allocate(size + 1, 1);
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64), digest.data(), SHA_DIGEST_LENGTH);
  return {base64, size};
}

void make_switch(const Request& request, Arena& arena, Response& response) {
  response.status = 101;
  response.body = BodyKind::tunnel;
  response.upgrade = request.upgrade;
  response.has_length = false;
  response.content_length = 0;
  const Field* const key = request.headers.find("sec-websocket-key");
  if (key == nullptr) return;
  response.headers.set(arena, "sec-websocket-accept", websocket_accept(key->value(), arena));
}

// ---- Both

// Collects what is to be submitted.
class FieldList final {
 public:
  FieldList(Arena& arena, std::size_t most)
      : arena_(arena), fields_(arena.make_array<nghttp2_nv>(most)) {}

  void add(std::string_view name, std::string_view value, std::uint8_t flags = 0) {
    const auto no_copy = static_cast<std::uint8_t>(NGHTTP2_NV_FLAG_NO_COPY_NAME |
                                                   NGHTTP2_NV_FLAG_NO_COPY_VALUE | flags);
    fields_[size_++] = {bytes_of(name), bytes_of(value), name.size(), value.size(), no_copy};
  }

  void add(const Field& field) { add(field, field.name(), field.value()); }

  // Of an answer of HTTP/1, whose lines lie where the connection reads.
  void add_copied(Field field) {
    if (!field.is_line) return add(field);
    const std::string_view line =
        arena_.copy({field.name_at,
                     static_cast<std::size_t>(field.value_at + field.value_size - field.name_at)});
    const std::string_view name = line.substr(0, field.name_size);
    make_lower(name);
    add(field, name, line.substr(line.size() - field.value_size));
  }

  void add(const Field& field, std::string_view name, std::string_view value) {
    if (has_upper(name)) {
      name = arena_.copy(name);
      make_lower(name);
    }
    // What is another each time would only push what repeats out of the table.
    const bool unique = field.id == FieldId::x_request_id || name == "traceparent";
    add(name, value, unique ? NGHTTP2_NV_FLAG_NO_INDEX : 0);
  }

  void add_length(std::uint64_t length) { add("content-length", text_of(length)); }

  // Another each time.
  void add_number(std::string_view name, std::int64_t number, std::string_view unit = {}) {
    add(name, text_of(static_cast<std::uint64_t>(number), unit), NGHTTP2_NV_FLAG_NO_INDEX);
  }

  std::span<const nghttp2_nv> all() const { return {fields_, size_}; }

 private:
  std::string_view text_of(std::uint64_t number, std::string_view unit = {}) {
    constexpr std::size_t most_digits = 20;
    char* const digits = arena_.allocate(most_digits + unit.size(), 1);
    char* const end = std::to_chars(digits, digits + most_digits, number).ptr;
    return {digits, static_cast<std::size_t>(std::copy(unit.begin(), unit.end(), end) - digits)};
  }

  static std::uint8_t* bytes_of(std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  }

  Arena& arena_;
  nghttp2_nv* fields_;
  std::size_t size_ = 0;
};

}  // namespace

ErrorKind read_http2_request(Http2Fields& fields, bool ended, std::string_view websocket_key,
                             Arena& arena, Request& request) {
  if (fields.broken_limit() != ErrorKind::none) return fields.broken_limit();
  return RequestMaker(fields, arena, request).make(ended, websocket_key);
}

bool read_http2_response(Http2Fields& fields, bool ended, const Request& request, Arena& arena,
                         Response& response) {
  begin_anew(response);
  if (fields.broken_limit() != ErrorKind::none) return false;
  if (!read_status(fields.status, response.status)) return false;
  response.version = Version::http_2;
  response.headers = fields.headers;
  const std::uint16_t status = response.status;
  if (status < 200) return !ended;
  if (!fields.length.empty()) {
    response.has_length = true;
    if (!parse_content_length(fields.length, response.content_length)) return false;
  }
  if (!request.upgrade.empty() && status / 100 == 2) {
    make_switch(request, arena, response);
  } else if (request.method == Method::head || status == 304) {
    response.body = BodyKind::none;
  } else if (status == 204) {
    response.has_length = false;
    response.content_length = 0;
  } else if (response.has_length || ended) {
    response.has_length = true;
    response.body = BodyKind::length;
  } else {
    response.body = BodyKind::chunked;
  }
  return true;
}

const Headers& read_http2_trailers(Http2Fields& fields) {
  fields.headers.remove_if([](const Field& field) { return is_protected(field.name()); });
  return fields.headers;
}

std::span<const nghttp2_nv> http2_request_fields(const Request& request, Arena& arena,
                                                 const HopFields& hop) {
  constexpr std::size_t most_others = 11;
  FieldList list(arena, request.headers.size() + most_others);
  const bool extended_connect = !request.upgrade.empty();
  list.add(":method", extended_connect ? "CONNECT" : request.method_name);
  if (extended_connect) list.add(":protocol", request.upgrade);
  if (request.method != Method::connect) {
    list.add(":scheme", request.scheme);
    list.add(":path", request.target);
  }
  list.add(":authority", request.authority);
  for (const Field& field : request.headers) {
    if (extended_connect && equals_ignoring_case(field.name(), "sec-websocket-key")) continue;
    list.add(field);
  }
  if (request.body == BodyKind::length) list.add_length(request.content_length);
  if (hop.left_ms >= 0) list.add_number("x-skiff-deadline-ms", hop.left_ms);
  if (hop.as_grpc_timeout) list.add_number("grpc-timeout", hop.left_ms, "m");
  if (hop.attempt > 1) list.add_number("x-skiff-attempt", hop.attempt);
  if (request.accepts_trailers) list.add("te", "trailers");
  if (request.expects_continue) list.add("expect", "100-continue");
  return list.all();
}

std::span<const nghttp2_nv> http2_response_fields(const Response& response, Arena& arena) {
  constexpr std::size_t most_others = 2;
  FieldList list(arena, response.headers.size() + most_others);
  const bool switched = response.status == 101;
  char* const status = arena.allocate(3, 1);
  std::to_chars(status, status + 3, switched ? 200 : response.status);
  list.add(":status", {status, 3});
  for (const Field& field : response.headers) {
    if (switched && equals_ignoring_case(field.name(), "sec-websocket-accept")) continue;
    response.version == Version::http_2 ? list.add(field) : list.add_copied(field);
  }
  const bool has_none = response.has_length && response.content_length == 0;
  // An answer of gRPC that is trailers alone comes without a length, and goes so.
  const bool trailers_only = has_none && response.headers.find(FieldId::grpc_status) != nullptr;
  const bool may_say = response.status >= 200 && response.status != 204 && !trailers_only;
  if (response.has_length && may_say) list.add_length(response.content_length);
  return list.all();
}

std::span<const nghttp2_nv> http2_trailer_fields(const Headers& trailers, Arena& arena) {
  FieldList list(arena, trailers.size());
  for (const Field& field : trailers) list.add(field);
  return list.all();
}

}  // namespace skiff
