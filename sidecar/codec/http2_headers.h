#pragma once

#include <nghttp2/nghttp2.h>

#include <span>
#include <string_view>

#include "sidecar/codec/http2_fields.h"
#include "sidecar/http/hop_fields.h"
#include "sidecar/http/message.h"

namespace skiff {

// Makes a request of a head, by the same rules as parse_request() (http1_parser.h): one canonical
// form of the path, TRACE and misleading names refused, Host and :authority must agree. `ended`: it
// has no body. Extended CONNECT (RFC 8441) becomes what an Upgrade of HTTP/1.1 would be: GET, with
// request.upgrade and, for websocket, a `sec-websocket-key`, `websocket_key`.
ErrorKind read_http2_request(Http2Fields& fields, bool ended, std::string_view websocket_key,
                             Arena& arena, Request& request);

// Makes an answer of a head. False: it is malformed. An interim answer has nothing but its status
// and fields. 2xx to an extended CONNECT becomes 101 with BodyKind::tunnel and the
// `sec-websocket-accept` that the client's own `sec-websocket-key` asks for.
bool read_http2_response(Http2Fields& fields, bool ended, const Request& request, Arena& arena,
                         Response& response);

// The trailers of a message, without what a trailer must not bring (is_protected, headers.h).
const Headers& read_http2_trailers(Http2Fields& fields);

// What to submit. Texts are not copied: they live in `arena`, the message's memory, or for ever;
// but for the lines of an answer of HTTP/1, which lie where its connection reads.
// Names are in lower case. A request with `upgrade` becomes an extended CONNECT, a 101 becomes 200.
std::span<const nghttp2_nv> http2_request_fields(const Request& request, Arena& arena,
                                                 const HopFields& hop = {});
std::span<const nghttp2_nv> http2_response_fields(const Response& response, Arena& arena);
std::span<const nghttp2_nv> http2_trailer_fields(const Headers& trailers, Arena& arena);

}  // namespace skiff
