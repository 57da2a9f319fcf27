#include "sidecar/app/tcp_connector.h"

#include <cerrno>
#include <utility>

#include "sidecar/codec/http1_client.h"
#include "sidecar/codec/tcp_client.h"

namespace skiff {
namespace {

// One connect under way.
class TcpAttempt final : public Connector::Attempt,
                         private TransportUser,
                         private Timer,
                         private Deferred {
 public:
  using Speaks = TcpConnector::Speaks;

  TcpAttempt(Loop& loop, Speaks speaks, const Http1Limits& limits, ConnectionOwner& owner,
             Connector::Done& done)
      : loop_(loop), speaks_(speaks), limits_(limits), owner_(owner), done_(done) {}
  ~TcpAttempt() override { loop_.undefer(*this); }

  void begin(const SocketAddress& to, Duration timeout) {
    transport_ = begin_tcp_connect(loop_, to);
    if (transport_ == nullptr) return loop_.defer(*this);  // Not within this call.
    transport_->set_user(*this);
    transport_->wait_writable();
    loop_.arm(*this, loop_.now() + timeout);
  }

 private:
  void readable() override {}

  void writable() override {
    loop_.refresh_now();
    const int error = connect_error(*transport_);
    if (error == EINPROGRESS) return transport_->wait_writable();
    loop_.disarm(*this);
    if (error != 0) return failed(ErrorKind::connect_failed);
    done_.connected(make_connection());
  }

  std::unique_ptr<Connection> make_connection() {
    if (speaks_ == Speaks::bytes) return make_tcp_client(loop_, std::move(transport_), owner_);
    return std::make_unique<Http1Client>(loop_, std::move(transport_), limits_, owner_);
  }

  void expired(TimePoint) override { failed(ErrorKind::timeout_connect); }
  void run_deferred() override { failed(ErrorKind::connect_failed); }

  void failed(ErrorKind kind) {
    transport_.reset();
    done_.not_connected({.kind = kind, .unprocessed = true});
  }

  Loop& loop_;
  const Speaks speaks_;
  const Http1Limits& limits_;
  ConnectionOwner& owner_;
  Connector::Done& done_;
  TransportPtr transport_;
};

}  // namespace

std::unique_ptr<Connector::Attempt> TcpConnector::connect(Duration timeout, ConnectionOwner& owner,
                                                          Done& done) {
  auto attempt = std::make_unique<TcpAttempt>(loop_, speaks_, limits_, owner, done);
  attempt->begin(to_, timeout);
  return attempt;
}

}  // namespace skiff
