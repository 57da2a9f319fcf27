#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <utility>

#include "sidecar/transport/tls.h"
#include "sidecar/transport/tls_context.h"
#include "sidecar/transport/tls_stream.h"
#include "sidecar/transport/tls_transport.h"

namespace skiff {
namespace {

class Handshake final : public TlsHandshake,
                        private TransportUser,
                        private TlsQueueUser,
                        private Timer {
 public:
  Handshake(Loop& loop, std::unique_ptr<TlsPeer> peer, Done& done)
      : loop_(loop), peer_(std::move(peer)), done_(done) {}
  ~Handshake() override { leave_queue(); }

  void begin(TransportPtr transport) {
    loop_.arm(*this, loop_.now() + peer_->request.timeout);
    enter_queue();
    SslPtr ssl = peer_->context->begin(*peer_);
    if (ssl == nullptr) return;
    stream_ = std::make_unique<TlsStream>(std::move(ssl), std::move(transport));
    stream_->inner().set_user(*this);
  }

  std::string_view detail() const override { return peer_->detail; }

 private:
  void enter_queue() {
    if (!std::exchange(queues_, true)) peer_->context->queue().enter(*this);
  }
  void leave_queue() {
    if (std::exchange(queues_, false)) peer_->context->queue().leave(*this);
  }

  void readable() override {
    loop_.refresh_now();
    enter_queue();
  }
  void writable() override { stream_->flush(); }
  void expired(TimePoint) override { fail(TlsFailure::timed_out); }

  void compute() override {
    queues_ = false;
    if (stream_ == nullptr) return fail(TlsFailure::broken);
    switch (stream_->shake_hands()) {
      case TlsStream::Shaken::again:
        return stream_->inner().wait_readable();
      case TlsStream::Shaken::broken:
        return fail(reason());
      case TlsStream::Shaken::over:
        break;
    }
    if (!peer_->context->finish(*peer_, *stream_->ssl())) return fail(reason());
    secured();
  }

  // Of a handshake that OpenSSL gave up. Its queue of errors says more than any return value.
  TlsFailure reason() {
    const unsigned long error = ERR_peek_error();
    ERR_clear_error();
    if (peer_->failure != TlsFailure::none) return peer_->failure;
    const char* const text = ERR_reason_error_string(error);
    peer_->detail = text != nullptr ? text : "the peer closed, or sent too much";
    return ERR_GET_LIB(error) == ERR_LIB_SSL &&
                   ERR_GET_REASON(error) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE
               ? TlsFailure::no_certificate
               : TlsFailure::broken;
  }

  void secured() {
    loop_.disarm(*this);
    peer_->request.protocols.clear();
    peer_->request.identities.clear();
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(stream_->ssl(), &name, &size);
    peer_->protocol.assign(reinterpret_cast<const char*>(name), size);
    done_.secured(make_tls_transport(loop_, std::move(peer_), std::move(stream_)));
  }

  void fail(TlsFailure failure) {
    loop_.disarm(*this);
    leave_queue();
    stream_.reset();
    done_.not_secured(failure);
  }

  Loop& loop_;
  std::unique_ptr<TlsPeer> peer_;  // Goes after the stream, which refers to it.
  std::unique_ptr<TlsStream> stream_;
  Done& done_;
  bool queues_ = false;
};

}  // namespace

std::unique_ptr<TlsHandshake> begin_tls(Loop& loop, TlsContextPtr context, TransportPtr transport,
                                        TlsRequest request, TlsHandshake::Done& done) {
  auto peer = std::make_unique<TlsPeer>();
  peer->context = std::move(context);
  peer->request = std::move(request);
  auto handshake = std::make_unique<Handshake>(loop, std::move(peer), done);
  handshake->begin(std::move(transport));
  return handshake;
}

}  // namespace skiff
