#include "sidecar/http/answer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "sidecar/http/grpc.h"

namespace skiff {
namespace {

using Phrase = std::pair<std::uint16_t, std::string_view>;

// The statuses that this program itself gives; RFC 9110, 15.
constexpr std::array phrases{Phrase{301, "Moved Permanently"},
                             Phrase{302, "Found"},
                             Phrase{303, "See Other"},
                             Phrase{307, "Temporary Redirect"},
                             Phrase{308, "Permanent Redirect"},
                             Phrase{400, "Bad Request"},
                             Phrase{401, "Unauthorized"},
                             Phrase{403, "Forbidden"},
                             Phrase{404, "Not Found"},
                             Phrase{405, "Method Not Allowed"},
                             Phrase{408, "Request Timeout"},
                             Phrase{413, "Content Too Large"},
                             Phrase{414, "URI Too Long"},
                             Phrase{417, "Expectation Failed"},
                             Phrase{429, "Too Many Requests"},
                             Phrase{431, "Request Header Fields Too Large"},
                             Phrase{500, "Internal Server Error"},
                             Phrase{501, "Not Implemented"},
                             Phrase{502, "Bad Gateway"},
                             Phrase{503, "Service Unavailable"},
                             Phrase{504, "Gateway Timeout"},
                             Phrase{505, "HTTP Version Not Supported"}};

std::string_view join(Arena& arena, std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const auto part : parts) size += part.size();
  char* const text = arena.allocate(size, 1);
  char* at = text;
  for (const auto part : parts) at = std::copy(part.begin(), part.end(), at);
  return {text, size};
}

// The codes of gRPC (statuscodes.md), as numbers in text.
constexpr std::string_view deadline_exceeded = "4";
constexpr std::string_view permission_denied = "7";
constexpr std::string_view resource_exhausted = "8";
constexpr std::string_view unimplemented = "12";
constexpr std::string_view internal = "13";
constexpr std::string_view unavailable = "14";
constexpr std::string_view unauthenticated = "16";

// As a client of gRPC would read the status (http-grpc-status-mapping.md), but for what the reason
// says better.
std::string_view grpc_status(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::timeout_request:
    case ErrorKind::timeout_deadline:
    case ErrorKind::timeout_per_try:
    case ErrorKind::deadline_short:
    case ErrorKind::timeout_response_headers:
    case ErrorKind::timeout_stream_idle:
      return deadline_exceeded;
    case ErrorKind::bad_request_body_too_large:
    case ErrorKind::bad_request_header_too_large:
    case ErrorKind::bad_request_too_many_headers:
      return resource_exhausted;
    default:
      break;
  }
  switch (about(kind).status) {
    case 401:
      return unauthenticated;
    case 403:
      return permission_denied;
    case 404:
      return unimplemented;
    case 429:
      return resource_exhausted;
    case 502:
    case 503:
    case 504:
      return unavailable;
    default:
      return internal;
  }
}

std::string_view number(Arena& arena, std::uint64_t value) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return arena.copy({digits, static_cast<std::size_t>(end - digits)});
}

// What stands in the head whether or not there is a body.
void add_reason(const Error& error, Arena& arena, Response& response) {
  Headers& headers = response.headers;
  headers.add(arena, "x-skiff-reason", about(error.kind).reason);
  if (!error.policy.empty()) headers.add(arena, "x-skiff-policy", error.policy);
  if (error.answer == nullptr) return;
  if (error.answer->retry_after > Duration::zero()) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(error.answer->retry_after).count();
    headers.add(arena, "retry-after", number(arena, static_cast<std::uint64_t>(seconds)));
  }
  if (error.answer->fields == nullptr) return;
  for (const Field& field : *error.answer->fields) headers.push_back(arena, field);
}

// Trailers alone: the one block is head and trailers. The reason words need no percent-encoding.
void answer_grpc(const Error& error, Arena& arena, Response& response) {
  const std::string_view reason = about(error.kind).reason;
  response.status = 200;
  response.headers.add(arena, "content-type", "application/grpc");
  const bool own = error.answer != nullptr && error.answer->grpc_status >= 0;
  response.headers.add(arena, "grpc-status",
                       own ? number(arena, static_cast<std::uint64_t>(error.answer->grpc_status))
                           : grpc_status(error.kind));
  response.headers.add(arena, "grpc-message", reason);
  add_reason(error, arena, response);
}

}  // namespace

std::string_view phrase_of(std::uint16_t status) {
  const auto* found = std::find_if(phrases.begin(), phrases.end(),
                                   [status](const Phrase& row) { return row.first == status; });
  return found == phrases.end() ? std::string_view{} : found->second;
}

std::string_view answer_for(const Error& error, const Request& request, Arena& arena,
                            Response& response) {
  const ErrorInfo& info = about(error.kind);
  const ErrorAnswer* const own = error.answer;
  response = {};
  if (request.version == Version::http_2 && is_grpc(request)) {  // There is none over HTTP/1.
    answer_grpc(error, arena, response);
    return {};
  }
  response.status = own != nullptr && own->status != 0 ? own->status : info.status;
  response.reason_phrase = phrase_of(response.status);
  const bool own_body = own != nullptr && !own->body.empty();
  response.headers.add(arena, "content-type", own_body ? own->content_type : "application/json");
  add_reason(error, arena, response);
  if (response.status == 503 && (own == nullptr || own->retry_after == Duration::zero())) {
    response.headers.add(arena, "retry-after", "1");
  }
  const std::string_view body = own_body ? own->body
                                         : join(arena, {R"({"error":")", response.reason_phrase,
                                                        R"(","reason":")", info.reason, "\"}\n"});
  response.body = BodyKind::length;
  response.has_length = true;
  response.content_length = body.size();
  return body;
}

}  // namespace skiff
