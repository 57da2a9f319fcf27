#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/detail/epoll_reactor.hpp>
#include <boost/asio/detail/reactor_op.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>

#if BOOST_VERSION / 100 != 1081
#error "edge_wait.h uses the reactor of Boost 1.81; docs/decisions/0001 says how to move on"
#endif

namespace skiff {

// Waiting for a socket to become readable or writable without a system call and without memory:
// an operation of Asio's own epoll reactor that lives in the connection.
//
// Asio registers each socket once, edge triggered. Its public async_wait() still calls epoll_ctl a
// time per wait; this operation relies on the edge instead, so whoever waits must have read (or
// written) until a short count or EAGAIN before. docs/decisions/0001 has the figures.
class EdgeWait final : public boost::asio::detail::reactor_op {
 public:
  // `woken(self, aborted)`: once per wait; `aborted` when the socket was closed meanwhile.
  using Woken = void (*)(void* self, bool aborted);

  EdgeWait(void* self, Woken woken)
      : reactor_op({}, &EdgeWait::perform, &EdgeWait::complete), self_(self), woken_(woken) {}

  bool waits() const { return waits_; }

 private:
  friend class EdgeSocket;

  // Takes the edge: the reactor forgets that the socket was ready.
  static status perform(reactor_op*) { return done_and_exhausted; }

  static void complete(void* owner, boost::asio::detail::operation* base,
                       const boost::system::error_code&, std::size_t) {
    auto* op = static_cast<EdgeWait*>(base);
    op->waits_ = false;
    op->woken_(op->self_, owner == nullptr || op->ec_.failed());
  }

  void* self_;
  Woken woken_;
  bool waits_ = false;
};

// A socket that waits so.
class EdgeSocket final
    : public boost::asio::basic_stream_socket<boost::asio::ip::tcp,
                                              boost::asio::io_context::executor_type> {
 public:
  using basic_stream_socket::basic_stream_socket;

  void wait_readable(boost::asio::detail::epoll_reactor& reactor, EdgeWait& wait) {
    start(reactor, wait, boost::asio::detail::epoll_reactor::read_op);
  }
  void wait_writable(boost::asio::detail::epoll_reactor& reactor, EdgeWait& wait) {
    start(reactor, wait, boost::asio::detail::epoll_reactor::write_op);
  }

 private:
  void start(boost::asio::detail::epoll_reactor& reactor, EdgeWait& wait, int kind) {
    if (wait.waits_) return;
    wait.waits_ = true;
    wait.ec_ = {};
    auto& implementation = impl_.get_implementation();
    reactor.start_op(kind, implementation.socket_, implementation.reactor_data_, &wait, false,
                     true);
  }
};

}  // namespace skiff
