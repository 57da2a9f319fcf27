#include "cli/admin_client.h"

#include <fmt/format.h>

#include <boost/asio/ip/tcp.hpp>
#include <charconv>
#include <chrono>
#include <cstddef>

namespace skiff {
namespace {

using namespace std::chrono_literals;

constexpr auto answers_within = 5s;
constexpr std::size_t most_bytes = 16 << 20;

struct Came {
  std::string text;
};

// All that comes until the other side closes.
Result<Came, std::string> exchange(const std::string& host, const std::string& port,
                                   const std::string& request) {
  boost::asio::ip::tcp::iostream stream;
  stream.expires_after(answers_within);
  stream.connect(host, port);
  if (!stream) return stream.error().message();
  stream << request << std::flush;
  Came came;
  char part[16 * 1024];
  while (stream.read(part, sizeof part), stream.gcount() > 0) {
    came.text.append(part, static_cast<std::size_t>(stream.gcount()));
    if (came.text.size() > most_bytes) return std::string("the answer is too long");
  }
  if (stream.error() && stream.error() != boost::asio::error::eof) return stream.error().message();
  return came;
}

}  // namespace

std::string encoded(std::string_view text) {
  std::string made;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    made += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return made;
}

Result<AdminReply, std::string> ask_admin(const std::string& address, std::string_view method,
                                          std::string_view path) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    return fmt::format("{}: expected ADDRESS:PORT, such as 127.0.0.1:15000", address);
  }
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto came = exchange(host, address.substr(colon + 1),
                             fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\n"
                                         "Connection: close\r\n\r\n",
                                         method, path, address));
  if (!came) return fmt::format("{}: {}", address, came.error());
  const std::size_t body = came->text.find("\r\n\r\n");
  AdminReply reply;
  const char* const digits = came->text.data() + std::string_view("HTTP/1.1 ").size();
  if (body == std::string::npos || !came->text.starts_with("HTTP/1.1 ") ||
      std::from_chars(digits, digits + 3, reply.status).ec != std::errc{}) {
    return fmt::format("{}: does not answer as a sidecar does", address);
  }
  reply.body = came->text.substr(body + 4);
  return reply;
}

}  // namespace skiff
