#include "sidecar/listener/listener.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace skiff {

using namespace std::chrono_literals;

namespace {

constexpr int most_per_turn = 64;  // So that those who are connected are not kept waiting.
constexpr Duration pause_without_descriptors = 100ms;

}  // namespace

Listener::Listener(Loop& loop, int fd, Accepted accepted)
    : loop_(loop), acceptor_(loop.io()), accepted_(std::move(accepted)) {
  acceptor_.assign(boost::asio::ip::tcp::v4(), fd);
  wait();
}

void Listener::wait() {
  acceptor_.async_wait(Acceptor::wait_read, [this, &loop = loop_](boost::system::error_code error) {
    const Loop::Event event(loop);
    if (error) return;  // This may be gone.
    loop.refresh_now();
    accept_some();
  });
}

bool Listener::accept_one() {
  SocketAddress peer;
  peer.size = sizeof peer.storage;
  const int fd = ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&peer.storage),
                           &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return errno == ECONNABORTED || errno == EINTR;
  accepted_(fd, peer);
  return true;
}

void Listener::accept_some() {
  for (int i = 0; i < most_per_turn; ++i) {
    if (accept_one()) continue;
    if (errno == EAGAIN) break;
    return loop_.arm(*this, loop_.now() + pause_without_descriptors);
  }
  wait();
}

void Listener::expired(TimePoint) { wait(); }

void Listener::stop() {
  loop_.disarm(*this);
  while (accept_one()) {  // Who has connected already would be reset.
  }
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

}  // namespace skiff
