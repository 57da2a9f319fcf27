#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sidecar/http/arena.h"
#include "sidecar/http/error.h"
#include "sidecar/http/message.h"

namespace skiff {

struct Http1Limits {
  std::size_t header_bytes = 64 * 1024;  // Request or status line and fields together.
  // The request line: 414; a field's line: 431. Without its CRLF; 65,535 at most.
  std::size_t line_bytes = 8 * 1024;
  std::uint32_t header_count = 100;  // 1,024 at most.
  // Of a request's field such as `Content_Length`, whose name some servers take for a protected one
  // (headers.h): it is left out. Otherwise the request is refused.
  bool drop_underscored = false;
};

// What a parser found at the front of the bytes that it was given.
struct Http1Head {
  enum class Status : std::uint8_t { done, more, bad };
  Status status = Status::more;
  ErrorKind error = ErrorKind::none;  // With `bad`.
  bool keep_alive = true;  // With `done`: the sender means to go on with this connection.
  std::size_t size = 0;    // With `done`: how many bytes the head takes.
};

// Parses a request's head as strictly as RFC 9112 allows: one `bad` for every shape by which a
// request could mean one thing here and another behind us. Never reads past `bytes`.
// With `done`, the head was copied into `arena` and all of `request` points there; `more` takes
// nothing from it. The host is in lower case. CONNECT has its authority for a target, no path, and
// no body: what follows waits for the answer. An Upgrade counts where it names one protocol, not
// HTTP/2, in an HTTP/1.1 request without body. Fields that
// concern only this connection (framing, Connection and what it names, Host, Expect: 100-continue,
// TE, Upgrade) are not among request.headers; what they say stands in `request`.
Http1Head parse_request(std::string_view bytes, const Http1Limits& limits, Arena& arena,
                        Request& request);

// Parses an answer's head; `request` says what was asked (HEAD, CONNECT, an upgrade). Fields point
// into `bytes`; the array of them lies in `arena`. `bad` comes with ErrorKind::bad_response.
Http1Head parse_response(std::string_view bytes, const Http1Limits& limits, const Request& request,
                         Arena& arena, Response& response);

}  // namespace skiff
