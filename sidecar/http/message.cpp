#include "sidecar/http/message.h"

#include <array>

namespace skiff {
namespace {

struct MethodName {
  std::string_view name;
  Method method;
};

constexpr MethodName methods[] = {
    {"GET", Method::get},         {"HEAD", Method::head},      {"POST", Method::post},
    {"PUT", Method::put},         {"DELETE", Method::delete_}, {"CONNECT", Method::connect},
    {"OPTIONS", Method::options}, {"TRACE", Method::trace},    {"PATCH", Method::patch},
};

constexpr std::string_view informational_phrases[] = {"Continue", "Switching Protocols",
                                                      "Processing", "Early Hints"};
constexpr std::string_view success_phrases[] = {
    "OK",         "Created",       "Accepted",        "Non-Authoritative Information",
    "No Content", "Reset Content", "Partial Content", "Multi-Status",
};
constexpr std::string_view redirection_phrases[] = {
    "Multiple Choices",   "Moved Permanently", "Found", "See Other",
    "Not Modified",       "Use Proxy",         "",      "Temporary Redirect",
    "Permanent Redirect",
};
constexpr std::string_view client_error_phrases[] = {
    "Bad Request",
    "Unauthorized",
    "Payment Required",
    "Forbidden",
    "Not Found",
    "Method Not Allowed",
    "Not Acceptable",
    "Proxy Authentication Required",
    "Request Timeout",
    "Conflict",
    "Gone",
    "Length Required",
    "Precondition Failed",
    "Content Too Large",
    "URI Too Long",
    "Unsupported Media Type",
    "Range Not Satisfiable",
    "Expectation Failed",
    "",
    "",
    "",
    "Misdirected Request",
    "Unprocessable Content",
    "Locked",
    "Failed Dependency",
    "Too Early",
    "Upgrade Required",
    "",
    "Precondition Required",
    "Too Many Requests",
    "",
    "Request Header Fields Too Large",
};
constexpr std::string_view server_error_phrases[] = {
    "Internal Server Error", "Not Implemented", "Bad Gateway",
    "Service Unavailable",   "Gateway Timeout", "HTTP Version Not Supported",
};

template <std::size_t size>
std::string_view phrase_in(const std::string_view (&phrases)[size], std::size_t at) {
  return at < size ? phrases[at] : std::string_view();
}

}  // namespace

Method method_id(std::string_view name) {
  for (const MethodName& known : methods)
    if (known.name == name) return known.method;
  return Method::other;
}

bool is_idempotent(Method method) {
  switch (method) {
    case Method::get:
    case Method::head:
    case Method::put:
    case Method::delete_:
    case Method::options:
    case Method::trace:
      return true;
    default:
      return false;
  }
}

bool is_repeatable(const Request& request) {
  return is_idempotent(request.method) || request.headers.find(FieldId::idempotency_key) != nullptr;
}

std::string_view standard_phrase(std::uint16_t status) {
  const std::size_t at = status % 100;
  switch (status / 100) {
    case 1:
      return phrase_in(informational_phrases, at);
    case 2:
      return phrase_in(success_phrases, at);
    case 3:
      return phrase_in(redirection_phrases, at);
    case 4:
      return phrase_in(client_error_phrases, at);
    case 5:
      return phrase_in(server_error_phrases, at);
    default:
      return {};
  }
}

}  // namespace skiff
