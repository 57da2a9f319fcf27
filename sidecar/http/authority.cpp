#include "sidecar/http/authority.h"

#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace skiff {
namespace {

constexpr std::size_t most_bytes = 255;

constexpr auto host_bytes = [] {
  std::array<bool, 256> legal{};
  for (std::size_t c = '0'; c <= '9'; ++c) legal[c] = true;
  for (std::size_t c = 'a'; c <= 'z'; ++c) legal[c] = legal[c - 0x20] = true;
  legal['-'] = legal['_'] = legal['.'] = true;
  return legal;
}();

bool is_ipv6(std::string_view text) {
  char terminated[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof terminated || text.find('\0') != std::string_view::npos) return false;
  std::memcpy(terminated, text.data(), text.size());
  terminated[text.size()] = '\0';
  in6_addr address;
  return ::inet_pton(AF_INET6, terminated, &address) == 1;
}

// How many bytes of `text` the host takes; 0 where none stands there.
std::size_t host_size(std::string_view text) {
  if (!text.empty() && text[0] == '[') {
    const std::size_t close = text.find(']');
    const bool found = close != std::string_view::npos && is_ipv6(text.substr(1, close - 1));
    return found ? close + 1 : 0;
  }
  std::size_t size = 0;
  while (size < text.size() && host_bytes[static_cast<unsigned char>(text[size])]) {
    const bool empty_label = text[size] == '.' && (size == 0 || text[size - 1] == '.');
    if (empty_label) return 0;
    ++size;
  }
  return size;
}

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || text[0] == '0') return false;
  std::uint32_t port = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    port = port * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return port <= 65535;
}

}  // namespace

bool is_authority(std::string_view text) {
  const std::size_t host = host_size(text);
  if (host == 0 || text.size() > most_bytes) return false;
  return host == text.size() || (text[host] == ':' && is_port(text.substr(host + 1)));
}

bool is_authority_with_port(std::string_view text) {
  return is_authority(text) && host_size(text) < text.size();
}

}  // namespace skiff
