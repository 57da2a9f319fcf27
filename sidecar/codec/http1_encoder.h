#pragma once

#include <cstddef>
#include <string_view>

#include "sidecar/http/arena.h"
#include "sidecar/http/hop_fields.h"
#include "sidecar/http/message.h"

namespace skiff {

// The head of `request` for a backend that speaks HTTP/1.1, in `arena`. Fields that came as lines
// are copied in runs, with their case. Framing is written anew: Content-Length, or
// `Transfer-Encoding: chunked`; `Connection: upgrade` and Upgrade where the client asked for one.
// Behind the request's own fields stand those of `hop`.
std::string_view encode_request_head(const Request& request, Arena& arena,
                                     const HopFields& hop = {});

// What of an answer's head depends on the client's connection.
struct ResponseFraming {
  bool keep_alive = true;
  bool client_is_1_0 = false;  // Keep-alive is said; never chunked.
  bool chunked = false;        // Whether the body goes to the client in chunks.
};

// The head of `response` for a client that speaks HTTP/1.x, written to `to`, which has room for at
// least response_head_bound(response). Returns its size.
std::size_t encode_response_head(const Response& response, const ResponseFraming& framing,
                                 char* to);
std::size_t response_head_bound(const Response& response);

// `1a\r\n` in front of a chunk of `size` bytes; `to` has room for 18. Returns its size.
std::size_t encode_chunk_size(std::size_t size, char* to);
// `0\r\n`, the trailers and the empty line, in `arena`.
std::string_view encode_last_chunk(const Headers& trailers, Arena& arena);

}  // namespace skiff
