#include "sidecar/transport/tcp.h"

#include <arpa/inet.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "base/whole_number.h"
#include "sidecar/transport/descriptors.h"
#include "sidecar/transport/edge_wait.h"
#include "sidecar/transport/nudge.h"
#include "sidecar/transport/tcp_info.h"

namespace skiff {
namespace {

using boost::asio::ip::tcp;

IoResult from_count(ssize_t count) {
  if (count > 0) return {IoResult::Kind::done, static_cast<std::size_t>(count), 0};
  if (count == 0) return {IoResult::Kind::end, 0, 0};
  if (errno == EAGAIN || errno == EINTR) return {};
  return {IoResult::Kind::error, 0, errno};
}

class TcpTransport final : public Transport {
 public:
  TcpTransport(Loop& loop, int fd)
      : loop_(loop), socket_(loop.io()), read_(this, &woken_read), write_(this, &woken_write) {
    socket_.assign(tcp::v4(), fd);  // The family matters to Asio's own calls only.
  }

  void set_user(TransportUser& user) override {
    user_ = &user;
    owes_edge_ = nudge_ != nullptr;
  }

  IoResult peek(char* to, std::size_t size) override {
    const IoResult seen = from_count(::recv(fd(), to, size, MSG_DONTWAIT | MSG_PEEK));
    if (nudge_ == nullptr && seen.kind != IoResult::Kind::again) {
      nudge_ = std::make_unique<Nudge>(loop_, &TransportUser::readable);
    }
    return seen;
  }

  IoResult receive(char* to, std::size_t size) override {
    return from_count(::recv(fd(), to, size, MSG_DONTWAIT));
  }

  IoResult send(std::span<const iovec> pieces) override {
    if (pieces.size() == 1) {
      return from_count(
          ::send(fd(), pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL | MSG_DONTWAIT));
    }
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    return from_count(::sendmsg(fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT));
  }

  void wait_readable() override {
    if (std::exchange(owes_edge_, false)) return nudge_->give(*user_);
    socket_.wait_readable(loop_.reactor(), read_);
  }
  void wait_writable() override { socket_.wait_writable(loop_.reactor(), write_); }

  void end_sending() override { ::shutdown(fd(), SHUT_WR); }

  void reset() override {
    const linger at_once{1, 0};
    ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }

  bool acknowledged_beyond(std::uint64_t sent) override {
    return tcp_bytes_acknowledged(fd()) > sent;
  }

  void dispose() override {
    user_ = nullptr;
    nudge_.reset();
    boost::system::error_code ignored;
    socket_.close(ignored);
    if (!read_.waits() && !write_.waits()) delete this;
  }

  int fd() { return socket_.native_handle(); }

 private:
  static void woken_read(void* self, bool aborted) {
    static_cast<TcpTransport*>(self)->woken(aborted, true);
  }
  static void woken_write(void* self, bool aborted) {
    static_cast<TcpTransport*>(self)->woken(aborted, false);
  }

  void woken(bool aborted, bool to_read) {
    const Loop::Event event(loop_);
    if (user_ == nullptr) {
      if (!read_.waits() && !write_.waits()) delete this;
    } else if (!aborted) {
      to_read ? user_->readable() : user_->writable();
    }
  }

  Loop& loop_;
  TransportUser* user_ = nullptr;
  EdgeSocket socket_;
  EdgeWait read_;
  EdgeWait write_;
  std::unique_ptr<Nudge> nudge_;  // Once peek() has seen something.
  bool owes_edge_ = false;
};

constexpr std::string_view unix_scheme = "unix:";

// Nothing where the path is none or too long.
std::optional<SocketAddress> unix_address(std::string_view path) {
  SocketAddress address;
  auto& to = reinterpret_cast<sockaddr_un&>(address.storage);
  if (!path.starts_with('/') || path.size() >= sizeof to.sun_path) return std::nullopt;
  to.sun_family = AF_UNIX;
  path.copy(to.sun_path, path.size());
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

const char* path_of(const SocketAddress& address) {
  return reinterpret_cast<const sockaddr_un&>(address.storage).sun_path;
}

void set_only_ipv6(int fd, const SocketAddress& at) {
  const int one = 1;
  if (at.only_ipv6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
}

void set_no_delay(int fd) {
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

}  // namespace

std::uint16_t SocketAddress::port() const {
  if (is_unix()) return 0;
  return ntohs(storage.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(storage).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(storage).sin_port);
}

std::optional<SocketAddress> parse_address(std::string_view text) {
  if (text.starts_with(unix_scheme)) return unix_address(text.substr(unix_scheme.size()));
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = whole_number<std::uint16_t>(text.substr(colon + 1));
  if (!port) return std::nullopt;

  SocketAddress address;
  const bool is_v6 = text.front() == '[';
  if (is_v6 && (colon < 2 || text[colon - 1] != ']')) return std::nullopt;
  const std::string host(is_v6 ? text.substr(1, colon - 2) : text.substr(0, colon));
  if (is_v6) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(*port);
    if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) != 1) return std::nullopt;
    address.size = sizeof v6;
    return address;
  }
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  v4.sin_family = AF_INET;
  v4.sin_port = htons(*port);
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) != 1) return std::nullopt;
  address.size = sizeof v4;
  return address;
}

std::string host_text(const SocketAddress& address) {
  if (address.is_unix()) return "unix";
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool is_v6 = address.storage.ss_family == AF_INET6;
  const void* host = is_v6 ? static_cast<const void*>(
                                 &reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_addr)
                           : &reinterpret_cast<const sockaddr_in&>(address.storage).sin_addr;
  ::inet_ntop(address.storage.ss_family, host, text.data(), text.size());
  return text.data();
}

std::string address_text(const SocketAddress& address) {
  if (address.is_unix()) return std::string(unix_scheme) + path_of(address);
  const std::string host = host_text(address);
  const bool is_v6 = address.storage.ss_family == AF_INET6;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(address.port());
}

TransportPtr make_tcp_transport(Loop& loop, int fd) {
  set_no_delay(fd);
  return TransportPtr(new TcpTransport(loop, fd));
}

TransportPtr begin_tcp_connect(Loop& loop, const SocketAddress& to) {
  const int fd = ::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return nullptr;
  int error = is_kept_descriptor(fd) ? EMFILE : 0;
  if (error == 0 && ::connect(fd, to.get(), to.size) != 0) error = errno;
  if (error == 0 || error == EINPROGRESS) return make_tcp_transport(loop, fd);
  ::close(fd);
  errno = error;
  return nullptr;
}

int connect_error(Transport& transport) {
  int error = 0;
  socklen_t size = sizeof error;
  const int fd = static_cast<TcpTransport&>(transport).fd();
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  if (error != 0) return error;
  sockaddr_storage peer{};
  socklen_t peer_size = sizeof peer;
  // Woken without an error and without a peer: it has not come to a decision yet.
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) return EINPROGRESS;
  return 0;
}

bool is_taken(const SocketAddress& at) {
  const int fd = ::socket(at.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const int one = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);  // Old connections do not count.
  set_only_ipv6(fd, at);
  const bool taken = at.is_unix() ? ::connect(fd, at.get(), at.size) == 0
                                  : ::bind(fd, at.get(), at.size) != 0 && errno == EADDRINUSE;
  ::close(fd);
  return taken;
}

namespace {

bool bind_and_listen(int fd, const SocketAddress& at, int backlog) {
  const int one = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  set_only_ipv6(fd, at);
  return ::bind(fd, at.get(), at.size) == 0 && ::listen(fd, backlog) == 0;
}

// By another name first, so that whoever connects meets the old one or the new one.
bool listen_unix(int fd, const SocketAddress& at, int backlog) {
  const std::string path = path_of(at);
  const std::string other = path + "~";
  const auto beside = unix_address(other);
  if (!beside.has_value()) {
    errno = ENAMETOOLONG;
    return false;
  }
  ::unlink(other.c_str());
  return ::bind(fd, beside->get(), beside->size) == 0 && ::chmod(other.c_str(), 0666) == 0 &&
         ::listen(fd, backlog) == 0 && ::rename(other.c_str(), path.c_str()) == 0;
}

}  // namespace

int listen_tcp(const SocketAddress& at, int backlog) {
  const int fd = ::socket(at.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (at.is_unix() ? listen_unix(fd, at, backlog) : bind_and_listen(fd, at, backlog)) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

}  // namespace skiff
