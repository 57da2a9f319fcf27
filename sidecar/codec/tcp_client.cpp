#include "sidecar/codec/tcp_client.h"

#include <utility>

#include "sidecar/codec/byte_stream.h"

namespace skiff {
namespace {

// A connection to a backend whose bytes are only carried; for one exchange.
//
//   idle --start()--> carries --both directions ended, or it broke--> gone
class TcpClient final : public Connection,
                        private ByteStream::User,
                        private BodySink,
                        private BodySource,
                        private Pending {
 public:
  TcpClient(Loop& loop, TransportPtr transport, ConnectionOwner& owner)
      : owner_(owner), stream_(loop, std::move(transport), *this) {}

  void start(Exchange& exchange, Reply& reply) override;
  bool still_open() override;
  std::uint32_t room() const override { return exchanges == 0 && stream_.is_open() ? 1 : 0; }
  void retire() override {
    if (exchange_ == nullptr) close();
  }

 private:
  // ---- What comes from the backend
  bool received(std::string_view bytes) override;
  void received_end() override;
  void sent() override;
  void lost() override;
  void resume() override { stream_.resume(); }

  // ---- What comes from the client
  void data(std::string_view bytes) override { stream_.give(bytes); }
  void end(const Headers&) override { stream_.end(); }
  void abort(const Error& error) override { fail(*exchange_, error); }
  bool flush() override;
  void fail(Exchange& exchange, const Error& error) override;

  void leave_if_done();
  Exchange& detach();
  void close();

  ConnectionOwner& owner_;
  ByteStream stream_;
  Exchange* exchange_ = nullptr;
  bool answer_ended_ = false;
};

void TcpClient::start(Exchange& exchange, Reply& reply) {
  exchange_ = &exchange;
  exchange.pending = this;
  exchange.backend_sink = this;
  exchange.backend_source = this;
  ++exchange.marks.attempts;
  ++exchanges;
  stream_.begin();
  Response response;
  response.status = 200;
  response.version = Version::bytes;
  response.body = BodyKind::tunnel;
  reply.answered(exchange, response);
  if (exchange_ != nullptr) exchange.client_sink->flush();  // A head, where the client speaks HTTP.
}

bool TcpClient::received(std::string_view bytes) {
  BodySink& client = *exchange_->client_sink;
  client.data(bytes);
  return client.flush();
}

void TcpClient::received_end() {
  answer_ended_ = true;
  BodySink& client = *exchange_->client_sink;
  leave_if_done();
  client.end({});
  client.flush();
}

bool TcpClient::flush() {
  if (!stream_.flush()) return false;
  leave_if_done();
  return true;
}

void TcpClient::sent() {
  BodySource& client = *exchange_->client_source;
  leave_if_done();
  client.resume();
}

void TcpClient::lost() {
  if (exchange_ == nullptr) return close();
  fail(*exchange_, {.kind = ErrorKind::upstream_reset});
}

void TcpClient::fail(Exchange&, const Error& error) {
  Exchange& exchange = detach();
  stream_.reset();
  close();
  exchange.client_sink->abort(error);
}

void TcpClient::leave_if_done() {
  if (exchange_ == nullptr || !answer_ended_ || !stream_.ended()) return;
  detach();
  close();
}

Exchange& TcpClient::detach() {
  Exchange& exchange = *std::exchange(exchange_, nullptr);
  exchange.pending = nullptr;
  exchange.backend_sink = nullptr;
  exchange.backend_source = nullptr;
  return exchange;
}

void TcpClient::close() {
  stream_.close();
  owner_.gone(*this);
}

bool TcpClient::still_open() {
  if (stream_.is_untouched()) return true;
  close();
  return false;
}

}  // namespace

std::unique_ptr<Connection> make_tcp_client(Loop& loop, TransportPtr transport,
                                            ConnectionOwner& owner) {
  return std::make_unique<TcpClient>(loop, std::move(transport), owner);
}

}  // namespace skiff
