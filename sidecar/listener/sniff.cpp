#include "sidecar/listener/sniff.h"

#include <algorithm>
#include <array>

namespace skiff {
namespace {

constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// https://www.iana.org/assignments/http-methods
constexpr std::array<std::string_view, 39> methods{"ACL",
                                                   "BASELINE-CONTROL",
                                                   "BIND",
                                                   "CHECKIN",
                                                   "CHECKOUT",
                                                   "CONNECT",
                                                   "COPY",
                                                   "DELETE",
                                                   "GET",
                                                   "HEAD",
                                                   "LABEL",
                                                   "LINK",
                                                   "LOCK",
                                                   "MERGE",
                                                   "MKACTIVITY",
                                                   "MKCALENDAR",
                                                   "MKCOL",
                                                   "MKREDIRECTREF",
                                                   "MKWORKSPACE",
                                                   "MOVE",
                                                   "OPTIONS",
                                                   "ORDERPATCH",
                                                   "PATCH",
                                                   "POST",
                                                   "PRI",
                                                   "PROPFIND",
                                                   "PROPPATCH",
                                                   "PUT",
                                                   "QUERY",
                                                   "REBIND",
                                                   "REPORT",
                                                   "SEARCH",
                                                   "TRACE",
                                                   "UNBIND",
                                                   "UNCHECKOUT",
                                                   "UNLINK",
                                                   "UNLOCK",
                                                   "UPDATE",
                                                   "UPDATEREDIRECTREF"};

Sniffed sniff_http(std::string_view bytes) {
  if (bytes.starts_with(http2_preface)) return Sniffed::http2;
  if (http2_preface.starts_with(bytes)) return Sniffed::more;
  const std::size_t blank = bytes.find(' ');
  const std::string_view word = bytes.substr(0, blank);
  const bool is_whole = blank != std::string_view::npos;
  const bool fits = std::any_of(methods.begin(), methods.end(), [&](std::string_view method) {
    return is_whole ? method == word : method.starts_with(word);
  });
  if (!fits) return Sniffed::unknown;
  return is_whole ? Sniffed::http1 : Sniffed::more;
}

// The header of a record: 0x16, 0x03, 0x00 to 0x04, its length (1 to 2^14); then 1: ClientHello.
// RFC 8446, 5.1 and 4.
Sniffed sniff_tls(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const std::size_t size = bytes.size();
  if (size > 1 && at(1) != 3) return Sniffed::unknown;
  if (size > 2 && at(2) > 4) return Sniffed::unknown;
  if (size > 3 && at(3) > 0x40) return Sniffed::unknown;
  if (size > 4) {
    const unsigned length = at(3) * 256U + at(4);
    if (length == 0 || length > 0x4000) return Sniffed::unknown;
  }
  if (size > 5) return at(5) == 1 ? Sniffed::tls : Sniffed::unknown;
  return Sniffed::more;
}

}  // namespace

Sniffed sniff(std::string_view first_bytes) {
  if (first_bytes.empty()) return Sniffed::more;
  return first_bytes[0] == 0x16 ? sniff_tls(first_bytes) : sniff_http(first_bytes);
}

bool server_speaks_first(std::uint16_t port) {
  switch (port) {
    case 25:     // SMTP
    case 587:    // SMTP, submission
    case 3306:   // MySQL
    case 4444:   // Galera
    case 5432:   // PostgreSQL
    case 5672:   // AMQP
    case 6379:   // Redis
    case 9300:   // Elasticsearch, between nodes
    case 11211:  // memcached
      return true;
    default:
      return false;
  }
}

}  // namespace skiff
