#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <span>
#include <string_view>

#include "sidecar/codec/http1_parser.h"
#include "sidecar/http/message.h"

namespace skiff {

// The fields of one header block as they come: of a head, or of trailers. nghttp2 has seen to it
// that they obey RFC 9113, 8.2 and 8.3 (pseudo-header fields, fields of connections, lower case).
class Http2Fields final {
 public:
  enum class Added : std::uint8_t {
    fine,
    over,      // Over the limits: it was not kept, and broken_limit() says which.
    far_over,  // So much that no more of this stream is worth decoding.
  };

  // Forgets what there is. All texts are copied into `arena`.
  void begin(Arena& arena);
  // Every field is charged to the limits: name, value and 4 bytes of what HTTP/1 needs to part
  // them; also one that is dropped, and each crumb of a cookie.
  Added add(std::string_view name, std::string_view value, const Http1Limits& limits);

  // `none`: within the limits.
  ErrorKind broken_limit() const { return broken_limit_; }

  std::string_view method{};
  std::string_view scheme{};
  std::string_view authority{};
  std::string_view path{};
  std::string_view protocol{};
  std::string_view status{};
  std::string_view host{};
  std::string_view length{};  // Of Content-Length.
  Headers headers{};          // All but those above and below, and those of one hop only.
  bool expects_continue = false;
  bool expects_other = false;
  bool accepts_trailers = false;  // `te: trailers`.

  // Joins the crumbs of a cookie (RFC 9113, 8.2.3).
  void join_cookies();

 private:
  void keep(FieldId id, std::string_view name, std::string_view value);
  std::string_view* pseudo_field(std::string_view name);
  bool take_special(FieldId id, std::string_view value);

  Arena* arena_ = nullptr;
  std::size_t bytes_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t crumbs_ = 0;
  ErrorKind broken_limit_ = ErrorKind::none;
};

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
std::span<const nghttp2_nv> http2_request_fields(const Request& request, Arena& arena);
std::span<const nghttp2_nv> http2_response_fields(const Response& response, Arena& arena);
std::span<const nghttp2_nv> http2_trailer_fields(const Headers& trailers, Arena& arena);

}  // namespace skiff
