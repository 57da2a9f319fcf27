#include "sidecar/http/answer.h"

#include <algorithm>
#include <array>
#include <utility>

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

}  // namespace

std::string_view phrase_of(std::uint16_t status) {
  const auto* found = std::find_if(phrases.begin(), phrases.end(),
                                   [status](const Phrase& row) { return row.first == status; });
  return found == phrases.end() ? std::string_view{} : found->second;
}

std::string_view answer_for(const Error& error, Arena& arena, Response& response) {
  const ErrorInfo& info = about(error.kind);
  response = {};
  response.status = info.status;
  response.reason_phrase = phrase_of(info.status);
  response.headers.add(arena, "content-type", "application/json");
  response.headers.add(arena, "x-skiff-reason", info.reason);
  if (!error.policy.empty()) response.headers.add(arena, "x-skiff-policy", error.policy);
  if (info.status == 503) response.headers.add(arena, "retry-after", "1");
  const std::string_view body = join(
      arena, {R"({"error":")", response.reason_phrase, R"(","reason":")", info.reason, "\"}\n"});
  response.body = BodyKind::length;
  response.has_length = true;
  response.content_length = body.size();
  return body;
}

}  // namespace skiff
