#include "sidecar/codec/http1_parser.h"

#include <algorithm>
#include <cstring>

#include "sidecar/codec/http1_scan.h"
#include "sidecar/codec/http1_special.h"
#include "sidecar/codec/request_rules.h"
#include "sidecar/http/authority.h"
#include "sidecar/http/path.h"

namespace skiff {
namespace {

Http1Head bad(ErrorKind error) { return {.status = Http1Head::Status::bad, .error = error}; }

// ---- Requests.

// One head on its way into a Request. Its texts lie in our own copy of it.
class RequestReader final {
 public:
  RequestReader(const Http1Special& special, Arena& arena, Request& request)
      : special_(special), arena_(arena), request_(request) {}

  // `none`: the request is complete.
  ErrorKind read(std::string_view target) {
    ErrorKind error = read_target(target);
    if (error == ErrorKind::none) error = read_host();
    if (error == ErrorKind::none) error = read_framing();
    if (error == ErrorKind::none) error = read_options();
    return error;
  }

 private:
  ErrorKind read_target(std::string_view target);
  bool read_absolute(std::string_view target);
  bool set_path(std::string_view text);
  void set_target(std::string_view target) { request_.target = request_.path = target; }
  bool set_authority(std::string_view text);
  ErrorKind read_host();
  ErrorKind read_framing();
  ErrorKind read_options();
  bool upgrades() const;

  const Http1Special& special_;
  Arena& arena_;
  Request& request_;
};

// RFC 9112, 3.2.
ErrorKind RequestReader::read_target(std::string_view target) {
  bool good = false;
  if (request_.method == Method::connect) {
    good = is_authority_with_port(target) && set_authority(target);
    request_.target = request_.authority;
  } else if (target[0] == '/') {
    good = set_path(target);
  } else if (target == "*") {
    good = request_.method == Method::options;
    set_target(target);
  } else {
    good = read_absolute(target);
  }
  return good ? ErrorKind::none : ErrorKind::bad_request_target;
}

// `http://host:port/path?query`. Of https nothing may come on a connection without TLS.
bool RequestReader::read_absolute(std::string_view target) {
  constexpr std::string_view scheme = "http://";
  if (!equals_ignoring_case(target.substr(0, scheme.size()), scheme)) return false;
  target.remove_prefix(scheme.size());
  const std::size_t size = std::min(target.find_first_of("/?"), target.size());
  if (!set_authority(target.substr(0, size))) return false;

  const std::string_view rest = target.substr(size);
  if (rest.empty()) {
    set_target(request_.method == Method::options ? "*" : "/");
    return true;
  }
  if (rest[0] == '/') return set_path(rest);
  char* const with_slash = arena_.allocate(rest.size() + 1, 1);
  *with_slash = '/';
  std::memcpy(with_slash + 1, rest.data(), rest.size());
  return set_path({with_slash, rest.size() + 1});
}

bool RequestReader::set_path(std::string_view text) {
  const auto canonical = canonical_target(text, arena_);
  if (!canonical) return false;
  request_.target = canonical->target;
  request_.path = canonical->path;
  request_.query = canonical->query;
  return true;
}

bool RequestReader::set_authority(std::string_view text) {
  if (!is_authority(text)) return false;
  make_lower(text);
  request_.authority = text;
  return true;
}

// The target's authority is kept where it has one (RFC 9112, 3.2.2), but Host must be right anyway.
ErrorKind RequestReader::read_host() {
  if (special_.hosts == 0 && request_.version == Version::http_1_0) return ErrorKind::none;
  if (special_.hosts != 1) return ErrorKind::bad_request_host;
  const bool by_target = !request_.authority.empty();
  const bool good = by_target ? is_authority(special_.host) : set_authority(special_.host);
  return good ? ErrorKind::none : ErrorKind::bad_request_host;
}

// RFC 9112, 6.3, without any of its leave to guess.
ErrorKind RequestReader::read_framing() {
  const bool has_body = special_.transfer.any() || special_.lengths > 0;
  if (!has_body) return ErrorKind::none;
  if (request_.method == Method::connect) return ErrorKind::bad_request_framing;
  if (special_.transfer.any()) {
    const bool unclear = request_.version == Version::http_1_0 || special_.lengths > 0;
    if (unclear || special_.transfer.malformed()) return ErrorKind::bad_request_framing;
    if (!special_.transfer.only_chunked()) return ErrorKind::bad_request_transfer_encoding;
    request_.body = BodyKind::chunked;
    return ErrorKind::none;
  }
  request_.body = BodyKind::length;
  const bool good =
      special_.lengths == 1 && parse_content_length(special_.length, request_.content_length);
  return good ? ErrorKind::none : ErrorKind::bad_request_framing;
}

ErrorKind RequestReader::read_options() {
  if (special_.malformed) return ErrorKind::bad_request_header;
  request_.accepts_trailers = special_.trailers;
  if (upgrades()) request_.upgrade = special_.upgrade;
  if (request_.version == Version::http_1_0) return ErrorKind::none;
  if (special_.expects_other) return ErrorKind::bad_request_expectation;
  request_.expects_continue = special_.expects_continue && request_.body != BodyKind::none;
  return ErrorKind::none;
}

bool RequestReader::upgrades() const {
  const std::string_view protocol = special_.upgrade;
  const bool has_body = request_.body == BodyKind::chunked || request_.content_length > 0;
  if (!special_.upgrade_option || special_.upgrades != 1 || protocol.empty()) return false;
  if (has_body || request_.version == Version::http_1_0) return false;
  if (request_.method == Method::connect || equals_ignoring_case(protocol, "h2c")) return false;
  return std::all_of(protocol.begin(), protocol.end(),
                     [](char c) { return is_token_byte(c) || c == '/'; });
}

bool keeps_alive(Version version, const Http1Special& special) {
  return !special.close && (version == Version::http_1_1 || special.keep_alive);
}

// Takes out the fields whose names spell protected ones with underscores; returns whether any did.
bool take_out_misleading(ScannedFields& fields) {
  if ((fields.marks & underscore) == 0) return false;
  Field* const end = fields.all + fields.count;
  Field* const kept = std::remove_if(fields.all, end, is_misleading);
  fields.count = static_cast<std::uint32_t>(kept - fields.all);
  return kept != end;
}

// ---- Answers.

// Answers that have no body, whatever their fields say (RFC 9112, 6.3).
bool is_without_body(const Request& request, std::uint16_t status) {
  return request.method == Method::head || status < 200 || status == 204 || status == 304;
}

bool is_tunnel(const Request& request, std::uint16_t status) {
  const bool connected = request.method == Method::connect && status / 100 == 2;
  return connected || status == 101;
}

// A protocol may only be switched to the one that was asked for.
bool read_switch(const Http1Special& special, const Request& request, Response& response) {
  if (response.status != 101) return true;
  response.upgrade = special.upgrade;
  const auto same = [](char a, char b) { return a == b || ((a ^ b) == 0x20 && (a | 0x20) >= 'a'); };
  return !request.upgrade.empty() && special.upgrade_option && special.upgrades == 1 &&
         std::equal(special.upgrade.begin(), special.upgrade.end(), request.upgrade.begin(),
                    request.upgrade.end(), same);
}

// What of the fields is nonsense whatever the status. Otherwise content_length is set.
bool read_length(const Http1Special& special, Response& response) {
  if (special.transfer.any()) {
    return special.lengths == 0 && special.transfer.only_chunked() &&
           response.version == Version::http_1_1;
  }
  if (special.lengths == 0) return true;
  response.has_length = true;
  return special.lengths == 1 && parse_content_length(special.length, response.content_length);
}

// False: the answer is malformed. `keep_alive` becomes false where the end of the answer is not
// known for sure.
bool read_answer(const Http1Special& special, const Request& request, Response& response,
                 bool& keep_alive) {
  if (special.malformed || !read_length(special, response)) return false;
  if (!read_switch(special, request, response)) return false;
  const bool says_body = special.transfer.any() || response.content_length > 0;
  const std::uint16_t status = response.status;
  if (is_tunnel(request, status)) {
    response.body = BodyKind::tunnel;
    keep_alive = false;
  } else if (is_without_body(request, status)) {
    const bool may_say = request.method == Method::head || status == 304;
    keep_alive = keep_alive && (may_say || !says_body);
    if (may_say && status >= 200 && status != 204) return true;
  } else if (special.transfer.any()) {
    response.body = BodyKind::chunked;
  } else if (response.has_length) {
    response.body = BodyKind::length;
    return true;
  } else {
    response.body = BodyKind::close;
    keep_alive = false;
  }
  response.has_length = false;
  response.content_length = 0;
  return true;
}

}  // namespace

Http1Head parse_request(std::string_view bytes, const Http1Limits& limits, Arena& arena,
                        Request& request) {
  Http1Scanner scanner(bytes, limits);
  RequestLine line;
  if (!scanner.request_line(line)) return scanner.verdict();
  const Method method = method_id(line.method);
  if (const ErrorKind error = judge_method(line.method, method); error != ErrorKind::none)
    return bad(error);
  ScannedFields fields;
  if (!scanner.fields(fields)) return scanner.verdict();
  if (take_out_misleading(fields) && !limits.drop_underscored)
    return bad(ErrorKind::bad_request_header);

  const char* const from = scanner.begin();
  const auto size = static_cast<std::size_t>(scanner.at() - from);
  char* const head = arena.allocate(size, 1);
  std::memcpy(head, from, size);
  Http1Special special;
  begin_anew(request);
  sort_fields(fields, from, head, arena, special, request.headers);
  request.method_name = {head, line.method.size()};
  request.method = method;
  request.version = line.version;

  RequestReader reader(special, arena, request);
  const std::string_view target(head + (line.target.data() - from), line.target.size());
  if (const ErrorKind error = reader.read(target); error != ErrorKind::none) return bad(error);
  return {.status = Http1Head::Status::done,
          .keep_alive = keeps_alive(line.version, special),
          .size = static_cast<std::size_t>(scanner.at() - bytes.data())};
}

Http1Head parse_response(std::string_view bytes, const Http1Limits& limits, const Request& request,
                         Arena& arena, Response& response) {
  Http1Scanner scanner(bytes, limits);
  StatusLine line;
  ScannedFields fields;
  if (!scanner.status_line(line) || !scanner.fields(fields)) {
    const bool more = scanner.verdict().status == Http1Head::Status::more;
    return more ? scanner.verdict() : bad(ErrorKind::bad_response);
  }
  if (line.status < 100 || line.status >= 600) return bad(ErrorKind::bad_response);

  Http1Special special;
  begin_anew(response);
  sort_fields(fields, bytes.data(), bytes.data(), arena, special, response.headers);
  response.status = line.status;
  response.reason_phrase = line.phrase;
  response.version = line.version;
  bool keep_alive = keeps_alive(line.version, special);
  if (!read_answer(special, request, response, keep_alive)) return bad(ErrorKind::bad_response);
  return {.status = Http1Head::Status::done,
          .keep_alive = keep_alive,
          .size = static_cast<std::size_t>(scanner.at() - bytes.data())};
}

}  // namespace skiff
