#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skiff {

// What a client's first bytes look like.
enum class Sniffed : std::uint8_t {
  more,     // They fit several; wait for more, within the limit of time.
  tls,      // A TLS record with a ClientHello.
  http1,    // A method's name and a blank begin them.
  http2,    // The preface of HTTP/2, RFC 9113, 3.4.
  unknown,  // None of these.
};
// Decides within the first 24 bytes. The methods are those that IANA registers.
Sniffed sniff(std::string_view first_bytes);

// What a ClientHello says that one may know without a key.
struct ClientHello {
  static constexpr std::size_t most_bytes = 64 * 1024;  // With the headers of its records.

  enum class Status : std::uint8_t { more, bad, done };
  Status status = Status::more;
  std::string server_name;             // SNI in lower case; empty: it names none.
  std::vector<std::string> protocols;  // ALPN.
};
// Reads it from the first bytes of a connection, over several records where it was cut so; at most
// 64 KiB, more is `bad`. Never reads past `first_bytes`. Source: RFC 8446, 4.1.2; RFC 6066, 3.
ClientHello read_client_hello(std::string_view first_bytes);

// Whether on this port the server speaks first (SMTP, MySQL, PostgreSQL's and others' habit is to
// wait): then nothing must be waited for, and its bytes are not looked at.
bool server_speaks_first(std::uint16_t port);

}  // namespace skiff
