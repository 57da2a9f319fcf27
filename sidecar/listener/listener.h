#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "sidecar/transport/loop.h"
#include "sidecar/transport/tcp.h"

namespace skiff {

// Accepts connections on one listening socket of one worker. Where the process runs out of
// descriptors it pauses for a moment instead of turning in circles.
class Listener final : private Timer {
 public:
  // `accepted` takes over the connected, non-blocking descriptor.
  using Accepted = std::function<void(int fd, const SocketAddress& peer)>;

  // `fd` listens (listen_tcp()); taken over.
  Listener(Loop& loop, int fd, Accepted accepted);

  // No more. Those who wait in the kernel's queue are still accepted.
  void stop();

 private:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp,
                                                      boost::asio::io_context::executor_type>;

  void wait();
  void accept_some();
  bool accept_one();  // False: none, and errno says why.
  void expired(TimePoint now) override;

  Loop& loop_;
  Acceptor acceptor_;
  Accepted accepted_;
};

}  // namespace skiff
