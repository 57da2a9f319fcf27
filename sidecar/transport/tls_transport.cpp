#include "sidecar/transport/tls_transport.h"

#include <cerrno>
#include <utility>

#include "sidecar/transport/nudge.h"

namespace skiff {
namespace {

bool waits_for_session(const TlsPeer& peer) {
  return peer.request.role == TlsRole::client && !peer.request.session_scope.empty() &&
         !peer.has_session;
}

// Lets go of OpenSSL if that can be now.
void take_over(TlsPeer& peer, TlsStream& stream) {
  if (peer.keys_changed) return;
  const bool is_client = peer.request.role == TlsRole::client;
  stream.take_over(is_client ? peer.server_secret : peer.client_secret,
                   is_client ? peer.client_secret : peer.server_secret);
  if (stream.ssl() == nullptr) peer.client_secret = peer.server_secret = {};
}

class TlsTransport final : public Transport, private TransportUser, private Timer {
 public:
  TlsTransport(Loop& loop, std::unique_ptr<TlsPeer> peer, std::unique_ptr<TlsStream> stream)
      : loop_(loop),
        peer_(std::move(peer)),
        stream_(std::move(stream)),
        nudge_to_read_(loop, &TransportUser::readable),
        nudge_to_write_(loop, &TransportUser::writable) {
    stream_->inner().set_user(*this);
    if (!waits_for_session(*peer_)) take_over(*peer_, *stream_);
  }

  // The edge may have been seen by the handshake or by whoever peeked.
  void set_user(TransportUser& user) override {
    user_ = &user;
    owes_edge_ = true;
    peeked_ = false;
  }

  IoResult receive(char* to, std::size_t size) override {
    peeked_ = false;
    const IoResult got = stream_->receive(to, size);
    if (stream_->ssl() == nullptr) return got;
    // A server sends its tickets before its data, if it has any.
    const bool has_data = got.kind == IoResult::Kind::done;
    if (has_data || !waits_for_session(*peer_)) take_over(*peer_, *stream_);
    return got;
  }
  IoResult send(std::span<const iovec> pieces) override {
    if (ending_) return {IoResult::Kind::error, 0, EPIPE};
    return stream_->send(pieces);
  }
  // Of the plain text; no more than one record of it.
  IoResult peek(char* to, std::size_t size) override {
    peeked_ = true;
    return stream_->peek(to, size);
  }

  void wait_readable() override {
    const bool has_some = !peeked_ && stream_->holds_input();
    if (std::exchange(owes_edge_, false) || has_some) return nudge_to_read_.give(*user_);
    wants_to_read_ = true;
    stream_->inner().wait_readable();
  }

  // Where nothing is kept, the kernel took all: a short count of send() was our own limit's.
  void wait_writable() override {
    if (!stream_->holds_output()) return nudge_to_write_.give(*user_);
    wants_to_write_ = true;
  }

  void end_sending() override {
    if (std::exchange(ending_, true)) return;
    stream_->say_close_notify();
    if (!stream_->holds_output()) stream_->inner().end_sending();
  }
  void reset() override {
    reset_ = true;
    stream_->inner().reset();
  }
  bool acknowledged_beyond(std::uint64_t sent) override {
    return stream_->acknowledged_beyond(sent);
  }

  std::string_view peer_identity() const override { return peer_->identity; }
  std::string_view agreed_protocol() const override { return peer_->protocol; }

  void rest() override {
    stream_->free_buffers();
    stream_->inner().rest();
  }

  void dispose() override {
    user_ = nullptr;
    nudge_to_read_.withdraw();
    nudge_to_write_.withdraw();
    if (!reset_ && !ending_) stream_->say_close_notify();
    ending_ = true;
    if (!reset_ && stream_->holds_output()) return loop_.arm(*this, loop_.now() + tls_linger);
    delete this;
  }

 private:
  void readable() override {
    if (user_ == nullptr) return;  // It lingers, and reads no more.
    owes_edge_ = !std::exchange(wants_to_read_, false);
    if (!owes_edge_) user_->readable();
  }

  void writable() override {
    stream_->flush();
    if (stream_->holds_output()) return;
    if (user_ == nullptr) {
      delete this;
      return;
    }
    if (ending_) stream_->inner().end_sending();
    if (std::exchange(wants_to_write_, false)) user_->writable();
  }

  void expired(TimePoint) override {
    stream_->inner().reset();
    delete this;
  }

  Loop& loop_;
  std::unique_ptr<TlsPeer> peer_;  // Goes after the stream, which refers to it.
  std::unique_ptr<TlsStream> stream_;
  TransportUser* user_ = nullptr;
  Nudge nudge_to_read_;
  Nudge nudge_to_write_;
  bool owes_edge_ = true;
  bool peeked_ = false;
  bool wants_to_read_ = false;
  bool wants_to_write_ = false;
  bool ending_ = false;
  bool reset_ = false;
};

}  // namespace

TransportPtr make_tls_transport(Loop& loop, std::unique_ptr<TlsPeer> peer,
                                std::unique_ptr<TlsStream> stream) {
  return TransportPtr(new TlsTransport(loop, std::move(peer), std::move(stream)));
}

}  // namespace skiff
