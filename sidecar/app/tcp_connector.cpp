#include "sidecar/app/tcp_connector.h"

#include <cerrno>
#include <utility>

#include "sidecar/codec/http1_client.h"
#include "sidecar/codec/tcp_client.h"

namespace skiff {
namespace {

// Where connections to one endpoint belong.
struct ConnectionPlace {
  Loop& loop;
  BackendSpeaks speaks;
  const Http2ClientSettings& settings;
  ConnectionOwner& owner;
};

std::unique_ptr<Connection> begin_to_speak(const ConnectionPlace& place, TransportPtr transport) {
  switch (place.speaks) {
    case BackendSpeaks::http2:
      return make_http2_client(place.loop, std::move(transport), place.settings, place.owner);
    case BackendSpeaks::bytes:
      return make_tcp_client(place.loop, std::move(transport), place.owner);
    case BackendSpeaks::http1:
      break;
  }
  return std::make_unique<Http1Client>(place.loop, std::move(transport), place.settings.limits,
                                       place.owner);
}

// One connect under way.
class TcpAttempt final : public Connector::Attempt,
                         private TransportUser,
                         private Timer,
                         private Deferred {
 public:
  TcpAttempt(const ConnectionPlace& place, Connector::Done& done)
      : loop_(place.loop), place_(place), done_(done) {}
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
    done_.connected(begin_to_speak(place_, std::move(transport_)));
  }

  void expired(TimePoint) override { failed(ErrorKind::timeout_connect); }
  void run_deferred() override { failed(ErrorKind::connect_failed); }

  void failed(ErrorKind kind) {
    transport_.reset();
    done_.not_connected({.kind = kind, .unprocessed = true});
  }

  Loop& loop_;
  const ConnectionPlace place_;
  Connector::Done& done_;
  TransportPtr transport_;
};

}  // namespace

std::unique_ptr<Connector::Attempt> TcpConnector::connect(Duration timeout, ConnectionOwner& owner,
                                                          Done& done) {
  auto attempt =
      std::make_unique<TcpAttempt>(ConnectionPlace{loop_, speaks_, settings_, owner}, done);
  attempt->begin(to_, timeout);
  return attempt;
}

}  // namespace skiff
