// The floor: a relay of bytes between two TCP connections, one thread, that understands nothing.
// No proxy that reads HTTP on plain sockets can cost less, so it says how much of a figure is the
// kernel's.
//
// usage: floor LISTEN_PORT BACKEND_PORT      built by bench/setup.py: g++ -O2
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace {

constexpr int buffer_bytes = 64 * 1024;
constexpr int events_at_once = 512;

// One end of a relayed pair. A closed pair is not freed: a measurement opens few of them.
struct End {
  int socket;
  End* other;
};

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<unsigned short>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void fail(const char* what) {
  perror(what);
  std::exit(1);
}

int listen_on(int port) {
  const int one = 1;
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  const auto address = loopback(port);
  const auto* to = reinterpret_cast<const sockaddr*>(&address);
  if (bind(listener, to, sizeof address) != 0) fail("bind");
  if (listen(listener, 4096) != 0) fail("listen");
  return listener;
}

void watch(int poll, int socket, End* end) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = end;
  epoll_ctl(poll, EPOLL_CTL_ADD, socket, &event);
}

void accept_one(int poll, int listener, int backend_port) {
  const int one = 1;
  const int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
  if (client < 0) return;
  const int backend = socket(AF_INET, SOCK_STREAM, 0);
  const auto address = loopback(backend_port);
  if (connect(backend, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(client);
    close(backend);
    return;
  }
  setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(backend, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  End* const near = new End{client, nullptr};
  End* const far = new End{backend, near};
  near->other = far;
  watch(poll, client, near);
  watch(poll, backend, far);
}

void close_pair(End& end) {
  if (end.socket < 0) return;
  close(end.socket);
  close(end.other->socket);
  end.socket = end.other->socket = -1;
}

void relay(End& end) {
  static char buffer[buffer_bytes];
  const ssize_t got = recv(end.socket, buffer, sizeof buffer, MSG_DONTWAIT);
  if (got <= 0) return close_pair(end);
  for (ssize_t sent = 0; sent < got;) {
    const ssize_t part = send(end.other->socket, buffer + sent, got - sent, MSG_NOSIGNAL);
    if (part <= 0) break;
    sent += part;
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return std::fputs("usage: floor LISTEN_PORT BACKEND_PORT\n", stderr), 64;
  const int listener = listen_on(std::atoi(arguments[1]));
  const int backend_port = std::atoi(arguments[2]);
  const int poll = epoll_create1(0);
  watch(poll, listener, nullptr);
  static epoll_event events[events_at_once];
  for (;;) {
    const int ready = epoll_wait(poll, events, events_at_once, -1);
    for (int i = 0; i < ready; ++i) {
      End* const end = static_cast<End*>(events[i].data.ptr);
      if (end != nullptr) {
        relay(*end);
      } else {
        accept_one(poll, listener, backend_port);
      }
    }
  }
}
