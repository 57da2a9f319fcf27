#include "sidecar/listener/original_destination.h"

#include <netinet/in.h>
#include <sys/socket.h>

namespace skiff {
namespace {

// <linux/netfilter_ipv4.h> and its sister, which cannot meet <netinet/in.h>.
constexpr int so_original_dst = 80;
constexpr int ip6t_so_original_dst = 80;

bool is_ipv6(int fd) {
  SocketAddress own;
  own.size = sizeof own.storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&own.storage), &own.size) != 0) return false;
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(own.storage);
  return own.storage.ss_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
}

}  // namespace

std::optional<SocketAddress> original_destination(int fd) {
  SocketAddress address;
  const bool v6 = is_ipv6(fd);
  address.size = v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  const int found =
      ::getsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? ip6t_so_original_dst : so_original_dst,
                   &address.storage, &address.size);
  if (found != 0) return std::nullopt;
  return address;
}

}  // namespace skiff
