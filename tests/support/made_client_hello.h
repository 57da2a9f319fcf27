#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace skiff::hello {

// A number of so many octets, the highest first.
inline std::string octets(std::size_t number, int count) {
  std::string text;
  while (count-- > 0) text += static_cast<char>(number >> (8 * count) & 255);
  return text;
}

// A text behind its length.
inline std::string counted(std::string_view text, int count) {
  return octets(text.size(), count) + std::string(text);
}

inline std::string extension(unsigned type, std::string_view body) {
  return octets(type, 2) + counted(body, 2);
}
inline std::string server_name(std::string_view host) {
  return extension(0, counted(octets(0, 1) + counted(host, 2), 2));
}
inline std::string alpn(std::initializer_list<std::string_view> protocols) {
  std::string list;
  for (const auto protocol : protocols) list += counted(protocol, 1);
  return extension(16, counted(list, 2));
}

// The handshake message ClientHello, RFC 8446, 4.1.2.
inline std::string hello_message(std::string_view extensions) {
  const std::string body = octets(0x0303, 2) + std::string(32, 'r') + counted("session", 1) +
                           counted("\x13\x01\x2a\x2a", 2) + counted(std::string_view("\0", 1), 1) +
                           counted(extensions, 2);
  return octets(1, 1) + counted(body, 3);
}

// TLS records of at most `most` bytes each.
inline std::string in_records(std::string_view message, std::size_t most = 1 << 14) {
  std::string bytes;
  while (!message.empty()) {
    const std::string_view part = message.substr(0, most);
    bytes += octets(0x16, 1) + octets(0x0301, 2) + counted(part, 2);
    message.remove_prefix(part.size());
  }
  return bytes;
}

inline std::string made_client_hello(std::string_view extensions) {
  return in_records(hello_message(extensions));
}

}  // namespace skiff::hello
