#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>

#include "sidecar/transport/loop.h"
#include "sidecar/transport/transport.h"

namespace skiff {

// An IPv4 or IPv6 address and port, or the path of a Unix-domain socket.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  bool only_ipv6 = false;  // Of `[::]` to listen on: nothing of IPv4.

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  bool is_unix() const { return storage.ss_family == AF_UNIX; }
  std::uint16_t port() const;  // 0 of a Unix-domain socket.
};

// From `127.0.0.1:80`, `[::1]:80` or `unix:/run/a.sock`. Nothing where it is no address.
std::optional<SocketAddress> parse_address(std::string_view text);
std::string host_text(const SocketAddress& address);  // Without the port; `unix` of such a socket.
std::string address_text(const SocketAddress& address);  // As parse_address() reads it.

// A transport over the connected, non-blocking socket `fd`, which it takes over. A Unix-domain
// socket's peer cannot tell reset() from an end, unless it had sent what was not read.
TransportPtr make_tcp_transport(Loop& loop, int fd);

// A transport whose connect has begun. writable() says when it is over; connect_error() how.
// Null, with errno, when not even a beginning could be made; EMFILE: too many descriptors are open.
TransportPtr begin_tcp_connect(Loop& loop, const SocketAddress& to);
int connect_error(Transport& transport);  // Needs one of begin_tcp_connect(). 0: connected.

// Whether a socket listens there, be it one that would share.
bool is_taken(const SocketAddress& at);

// A listening, non-blocking socket with SO_REUSEPORT, or -1 with errno. Port 0: the kernel chooses.
// A Unix-domain socket takes the place of a file of its name in one step; everybody whom its folder
// lets in may connect. Only one can have the name: others share it by dup().
int listen_tcp(const SocketAddress& at, int backlog);

}  // namespace skiff
