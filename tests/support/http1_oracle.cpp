#include "tests/support/http1_oracle.h"

#include <algorithm>
#include <boost/beast/http.hpp>
#include <optional>
#include <vector>

#include "sidecar/codec/http1_body.h"
#include "sidecar/codec/http1_parser.h"
#include "sidecar/http/path.h"

namespace skiff {
namespace {

namespace beast = boost::beast::http;

using Fields = std::vector<std::pair<std::string, std::string>>;  // Names in lower case.

// One message as either parser read it.
struct Reading {
  std::string first_line;  // Method, target and version, or version and status.
  Fields fields;
  std::string body;
  std::size_t used = 0;
  bool dropped_trailers = false;
};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return lower;
}

void append(const Headers& headers, Fields& fields) {
  for (const Field& field : headers)
    fields.emplace_back(lower_case(field.name()), std::string(field.value()));
}

std::string_view digits_of(Version version) { return version == Version::http_1_0 ? "10" : "11"; }

// Puts the body and its trailers into `reading`; false: it is not whole, or wrong.
bool read_body(BodyKind kind, std::uint64_t length, std::string rest, Arena& arena,
               Reading& reading) {
  Http1Body body;
  body.start(kind, length);
  std::size_t at = 0;
  while (!body.ended()) {
    const Http1Body::Piece piece = body.next(rest.data() + at, rest.size() - at, arena);
    if (piece.error != ErrorKind::none) return false;
    if (piece.data.empty() && piece.consumed == 0) break;
    reading.body.append(piece.data);
    at += piece.consumed;
  }
  reading.used += at;
  reading.dropped_trailers = body.dropped_trailers() > 0;
  append(body.trailers(), reading.fields);
  return body.ended() || kind == BodyKind::close || kind == BodyKind::tunnel;
}

std::optional<Reading> our_request(std::string_view bytes) {
  Arena arena;
  Request request;
  const Http1Head head = parse_request(bytes, {}, arena, request);
  if (head.status != Http1Head::Status::done) return std::nullopt;
  Reading reading;
  reading.used = head.size;
  reading.first_line = std::string(request.method_name) + ' ' + std::string(request.target) + ' ' +
                       std::string(digits_of(request.version));
  append(request.headers, reading.fields);
  if (!read_body(request.body, request.content_length, std::string(bytes.substr(head.size)), arena,
                 reading))
    return std::nullopt;
  return reading;
}

std::optional<Reading> our_response(std::string_view bytes, const Request& asked) {
  Arena arena;
  Response response;
  const Http1Head head = parse_response(bytes, {}, asked, arena, response);
  if (head.status != Http1Head::Status::done || response.body == BodyKind::tunnel)
    return std::nullopt;
  Reading reading;
  reading.used = head.size;
  reading.first_line =
      std::string(digits_of(response.version)) + ' ' + std::to_string(response.status);
  append(response.headers, reading.fields);
  if (!read_body(response.body, response.content_length, std::string(bytes.substr(head.size)),
                 arena, reading))
    return std::nullopt;
  return reading;
}

void read_fields(const beast::fields& fields, Reading& reading) {
  for (const auto& field : fields) {
    const auto name = field.name_string();
    const auto value = field.value();
    reading.fields.emplace_back(lower_case({name.data(), name.size()}),
                                std::string(value.data(), value.size()));
  }
}

// Feeds all to a parser of Beast's; nothing where it refuses or wants more.
template <typename Parser>
std::optional<Reading> beast_reading(std::string_view bytes, Parser& parser) {
  parser.header_limit(1U << 20);
  parser.body_limit(boost::none);
  parser.eager(true);
  Reading reading;
  boost::system::error_code error;
  while (!parser.is_done() && reading.used < bytes.size()) {
    const std::string_view rest = bytes.substr(reading.used);
    const std::size_t used = parser.put(boost::asio::buffer(rest.data(), rest.size()), error);
    reading.used += used;
    if (error == beast::error::need_more || used == 0) break;
    if (error) return std::nullopt;
  }
  if (!parser.is_done()) {
    parser.put_eof(error);
    if (error || !parser.is_done()) return std::nullopt;
  }
  const auto& message = parser.get();
  read_fields(message.base(), reading);
  reading.body = message.body();
  return reading;
}

std::optional<Reading> beast_request(std::string_view bytes) {
  beast::request_parser<beast::string_body> parser;
  auto reading = beast_reading(bytes, parser);
  if (!reading) return reading;
  const auto& request = parser.get();
  Arena arena;
  std::string target(request.target().data(), request.target().size());
  // Absolute targets come to be paths, and paths canonical, with us.
  if (lower_case(target).starts_with("http://")) {
    const std::size_t path = std::min(target.find_first_of("/?", 7), target.size());
    target.erase(0, path);
    if (target.empty() && request.method() == beast::verb::options) target = "*";
    if (target.empty() || target[0] == '?') target.insert(0, 1, '/');
  }
  if (const auto canonical = canonical_target(target, arena)) target = canonical->target;
  if (request.method() == beast::verb::connect) target = lower_case(target);
  const auto method = request.method_string();
  reading->first_line = std::string(method.data(), method.size()) + ' ' + target + ' ' +
                        std::to_string(request.version());
  return reading;
}

std::optional<Reading> beast_response(std::string_view bytes, bool without_body) {
  beast::response_parser<beast::string_body> parser;
  parser.skip(without_body);
  auto reading = beast_reading(bytes, parser);
  if (!reading) return reading;
  reading->first_line =
      std::to_string(parser.get().version()) + ' ' + std::to_string(parser.get().result_int());
  return reading;
}

std::vector<std::string> values_of(const Fields& fields, std::string_view name) {
  std::vector<std::string> values;
  for (const auto& [its_name, value] : fields)
    if (its_name == name) values.push_back(value);
  return values;
}

// Whether some Connection field names it, or it is protected or known and so may have gone as a
// trailer or as a field of this connection.
bool may_be_gone(const std::string& name, const Fields& fields) {
  if (is_protected(name) || starts_like(name, "content-") || starts_like(name, "proxy-"))
    return true;
  for (const std::string& value : values_of(fields, "connection"))
    if (lower_case(value).find(name) != std::string::npos) return true;
  return false;
}

std::string compare(const std::optional<Reading>& ours, const std::optional<Reading>& theirs) {
  // Beast takes trailers for headers, and so refuses those that we drop.
  if (!theirs) return ours->dropped_trailers ? "" : "we accept what Beast refuses";
  if (ours->first_line != theirs->first_line)
    return "first line: " + ours->first_line + " / " + theirs->first_line;
  if (ours->body != theirs->body) return "body: " + ours->body + " / " + theirs->body;
  if (ours->used != theirs->used)
    return "used: " + std::to_string(ours->used) + " / " + std::to_string(theirs->used);
  for (const auto& [name, value] : ours->fields)
    if (!may_be_gone(name, theirs->fields) &&
        values_of(ours->fields, name) != values_of(theirs->fields, name))
      return "field " + name;
  for (const auto& [name, value] : theirs->fields)
    if (values_of(ours->fields, name).empty() && !may_be_gone(name, theirs->fields))
      return "only Beast has field " + name;
  return {};
}

}  // namespace

std::string difference_to_beast_request(std::string_view bytes) {
  const auto ours = our_request(bytes);
  if (!ours) return {};
  const std::size_t empty_line = bytes.starts_with("\r\n") ? 2 : 0;
  auto theirs = beast_request(bytes.substr(empty_line));
  if (theirs) theirs->used += empty_line;
  return compare(ours, theirs);
}

std::string difference_to_beast_response(std::string_view bytes, std::string_view asked) {
  Request request;
  if (asked == "HEAD") request.method = Method::head;
  const auto ours = our_response(bytes, request);
  if (!ours) return {};
  constexpr std::size_t status_end = std::string_view("HTTP/1.1 200").size();
  std::string with_space(bytes);
  const bool lacks_space = bytes[status_end] == '\r';
  if (lacks_space) with_space.insert(status_end, 1, ' ');
  auto theirs = beast_response(with_space, asked == "HEAD");
  if (theirs && lacks_space) --theirs->used;
  return compare(ours, theirs);
}

}  // namespace skiff
