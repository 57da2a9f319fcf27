#include "sidecar/app/backend_connector.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "sidecar/codec/http1_client.h"
#include "sidecar/codec/tcp_client.h"

namespace skiff {
namespace {

// Where connections to one endpoint belong.
struct ConnectionPlace {
  const ConnectorContext& context;
  Speaks speaks;
  const BackendTls& tls;
  ConnectionOwner& owner;
};

std::unique_ptr<Connection> begin_to_speak(const ConnectionPlace& place, TransportPtr transport) {
  const ConnectorContext& context = place.context;
  switch (place.speaks) {
    case Speaks::http2:
      return make_http2_client(context.loop, std::move(transport), context.settings, place.owner);
    case Speaks::bytes:
      return make_tcp_client(context.loop, std::move(transport), place.owner);
    case Speaks::http1:
      break;
  }
  return std::make_unique<Http1Client>(context.loop, std::move(transport), context.settings.limits,
                                       place.owner);
}

// One connect under way.
class BackendAttempt final : public Connector::Attempt,
                             private TransportUser,
                             private TlsHandshake::Done,
                             private Timer,
                             private Deferred {
 public:
  BackendAttempt(const ConnectionPlace& place, Connector::Done& done)
      : loop_(place.context.loop), place_(place), done_(done) {}
  ~BackendAttempt() override { loop_.undefer(*this); }

  void begin(const SocketAddress& to, Duration timeout) {
    transport_ = place_.context.dial(loop_, to);
    if (transport_ == nullptr) {
      // That we have no descriptors left says nothing of the endpoint.
      if (errno == EMFILE || errno == ENFILE) not_begun_ = ErrorKind::overload;
      return loop_.defer(*this);  // Not within this call.
    }
    transport_->set_user(*this);
    transport_->wait_writable();
    until_ = loop_.now() + timeout;
    loop_.arm(*this, until_);
  }

 private:
  void readable() override {}

  void writable() override {
    loop_.refresh_now();
    const int error = connect_error(*transport_);
    if (error == EINPROGRESS) return transport_->wait_writable();
    loop_.disarm(*this);
    if (error != 0) return failed(ErrorKind::connect_failed);
    if (place_.tls.secure) return secure();
    done_.connected(begin_to_speak(place_, std::move(transport_)));
  }

  void secure() {
    const MeshIdentity& identity = place_.context.identity;
    if (identity.tls == nullptr) return failed(ErrorKind::tls_required);
    handshake_ = begin_tls(loop_, identity.tls, std::move(transport_),
                           {.role = TlsRequest::Role::client,
                            .protocols = {alpn_of(place_.speaks), alpn_mesh},
                            .identities = place_.tls.identities,
                            .session_scope = place_.tls.scope,
                            .timeout = std::max(until_ - loop_.now(), Duration::zero())},
                           *this);
  }

  void secured(TransportPtr transport) override {
    count(TlsFailure::none);
    if (transport->agreed_protocol() != alpn_of(place_.speaks)) {
      transport_ = std::move(transport);
      return failed(ErrorKind::tls_failed, "the peer does not speak what is wanted");
    }
    done_.connected(begin_to_speak(place_, std::move(transport)));
  }

  void not_secured(TlsFailure failure) override {
    count(failure);
    failed(error_kind(failure));
  }

  void count(TlsFailure failure) {
    place_.context.handshakes.of(TlsRequest::Role::client, failure).add();
  }

  void expired(TimePoint) override { failed(ErrorKind::timeout_connect); }
  void run_deferred() override { failed(not_begun_); }

  void failed(ErrorKind kind, std::string_view detail = {}) {
    transport_.reset();
    done_.not_connected({.kind = kind, .unprocessed = true, .detail = detail});
  }

  Loop& loop_;
  const ConnectionPlace place_;
  Connector::Done& done_;
  TimePoint until_{};  // Of the TLS handshake, too.
  TransportPtr transport_;
  std::unique_ptr<TlsHandshake> handshake_;
  ErrorKind not_begun_ = ErrorKind::connect_failed;  // Why there was no transport.
};

}  // namespace

std::unique_ptr<Connector::Attempt> BackendConnector::connect(Duration timeout,
                                                              ConnectionOwner& owner, Done& done) {
  auto attempt =
      std::make_unique<BackendAttempt>(ConnectionPlace{context_, speaks_, tls_, owner}, done);
  attempt->begin(to_, timeout);
  return attempt;
}

}  // namespace skiff
