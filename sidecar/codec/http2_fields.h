#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sidecar/codec/http1_parser.h"
#include "sidecar/http/arena.h"
#include "sidecar/http/headers.h"

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

}  // namespace skiff
