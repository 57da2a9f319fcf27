#include <algorithm>
#include <string>
#include <utility>

#include "sidecar/codec/byte_stream.h"
#include "sidecar/codec/server_connection.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

// A client's connection whose bytes are only carried.
//
//   waits for a backend --answered()--> carries --both directions ended--> closed
//   anything else --> closed by an RST
//
// To the metrics and the access log it is a request without a method whose status is 200 from when
// a backend was found; what broke it off later is the reason beside it.
class TcpServer final : public ServerConnection,
                        private ByteStream::User,
                        private Reply,
                        private BodySink,
                        private BodySource,
                        private Timer,
                        private Deferred {
 public:
  TcpServer(const ServerContext& context, TransportPtr transport, Peer peer,
            std::string server_name)
      : context_(context),
        stream_(context.loop, std::move(transport), *this),
        peer_(std::move(peer)),
        server_name_(std::move(server_name)),
        since_(context.loop.now()) {
    context.loop.defer(*this);  // Begins outside this call: it may fail at once.
  }
  ~TcpServer() override {
    if (exchange_ != nullptr) over({.kind = ErrorKind::draining});
    context_.loop.undefer(*this);
  }

  void drain() override {}  // It ends when its ends do, or is cut.
  void cut() override {
    if (exchange_ != nullptr) return fail({.kind = ErrorKind::draining});
    stream_.reset();
    close();
  }

 private:
  // ---- What comes from the client
  bool received(std::string_view bytes) override;
  void received_end() override;
  void sent() override;
  void lost() override { fail({.kind = ErrorKind::client_gone}); }
  void resume() override;

  // ---- What comes from the backend
  void informational(Exchange&, Response&) override {}
  void answered(Exchange& exchange, Response& response) override;
  void failed(Exchange& exchange, const Error& error) override;
  void data(std::string_view bytes) override;
  void end(const Headers&) override;
  void abort(const Error& error) override;
  bool flush() override;

  void run_deferred() override { is_begun_ ? settle() : begin(); }
  void expired(TimePoint now) override;

  void begin();
  void settle();
  void fail(const Error& error);
  void over(const Error& error);
  void close();
  TimePoint due() const;

  const ServerContext& context_;
  ByteStream stream_;
  const Peer peer_;
  const std::string server_name_;
  Exchange* exchange_ = nullptr;
  TimePoint since_;  // The last byte either way.
  bool is_begun_ = false;
  bool is_answered_ = false;
  bool answer_ended_ = false;
  bool is_closed_ = false;
};

void TcpServer::begin() {
  is_begun_ = true;
  Exchange& exchange = context_.exchanges.take();
  exchange_ = &exchange;
  exchange.request.version = Version::bytes;
  exchange.request.method = Method::other;
  exchange.request.scheme = server_name_.empty() ? "tcp" : "tls";
  exchange.request.body = BodyKind::tunnel;
  exchange.request.authority = server_name_;
  since_ = exchange.started = context_.loop.now();
  exchange.client_address = peer_.address;
  exchange.destination = peer_.destination();
  exchange.client_identity = stream_.peer_identity();
  exchange.client_sink = this;
  exchange.client_source = this;
  exchange.deadlines.stream_idle = context_.settings.stream_idle;
  context_.entry.forward(exchange, *this);
  if (exchange_ == &exchange) context_.loop.arm(*this, due());
}

bool TcpServer::received(std::string_view bytes) {
  since_ = context_.loop.now();
  BodySink* const backend = exchange_->backend_sink;
  if (backend == nullptr) return true;  // It takes no more, though the client does not see it.
  exchange_->marks.request_bytes += bytes.size();
  backend->data(bytes);
  return backend->flush();
}

void TcpServer::received_end() {
  exchange_->request_ended = true;
  if (BodySink* const backend = exchange_->backend_sink) {
    backend->end({});
    backend->flush();
  }
  settle();
}

void TcpServer::sent() {
  since_ = context_.loop.now();
  if (exchange_->backend_source != nullptr) exchange_->backend_source->resume();
  settle();
}

// The backend takes more, or has taken all.
void TcpServer::resume() {
  exchange_->request_ended ? context_.loop.defer(*this) : stream_.resume();
}

void TcpServer::answered(Exchange& exchange, Response& response) {
  exchange.marks.status = response.status;
  if (response.body != BodyKind::tunnel) return;  // For one who speaks HTTP; end() cuts it off.
  is_answered_ = true;
  exchange.deadlines.request = TimePoint::max();
  since_ = context_.loop.now();
  stream_.begin();
}

void TcpServer::failed(Exchange& exchange, const Error& error) {
  exchange.marks.reason = error.kind;
  if (error.kind == ErrorKind::client_gone) exchange.marks.status = about(error.kind).status;
  over(error);
  stream_.reset();
  close();
}

void TcpServer::data(std::string_view bytes) {
  if (!is_answered_) return;
  since_ = context_.loop.now();
  exchange_->marks.response_bytes += bytes.size();
  stream_.give(bytes);
}

void TcpServer::end(const Headers&) {
  answer_ended_ = true;
  if (is_answered_) stream_.end();
}

bool TcpServer::flush() {
  if (!is_answered_) {
    if (!answer_ended_) return true;
    over({});
    stream_.reset();
    close();
    return true;
  }
  if (!stream_.flush()) return false;
  settle();
  return true;
}

void TcpServer::abort(const Error& error) {
  exchange_->marks.reason = error.kind;
  over(error);
  stream_.reset();
  close();
}

// Over when both directions have ended, and nothing is on its way any more.
void TcpServer::settle() {
  if (exchange_ == nullptr || !exchange_->request_ended || !stream_.ended()) return;
  if (exchange_->pending != nullptr) return;
  over({});
  close();
}

void TcpServer::fail(const Error& error) {
  Exchange* const exchange = exchange_;
  if (exchange == nullptr) return close();  // It broke before it had begun.
  if (exchange->pending != nullptr) exchange->pending->fail(*exchange, error);
  if (exchange_ != exchange) return;
  if (exchange->pending == nullptr) return failed(*exchange, error);
  since_ = context_.loop.now();  // A fallback: it has the same limits from now on.
  context_.loop.arm(*this, due());
}

void TcpServer::over(const Error& error) {
  Exchange& exchange = *std::exchange(exchange_, nullptr);
  exchange.finish(error);
  context_.exchanges.give_back(exchange);
}

void TcpServer::close() {
  if (std::exchange(is_closed_, true)) return;
  context_.loop.disarm(*this);
  context_.loop.undefer(*this);
  stream_.close();
  context_.owner.closed(*this);
}

TimePoint TcpServer::due() const {
  const Deadlines& limits = exchange_->deadlines;
  const Duration idle = limits.stream_idle;
  return std::min(limits.request, idle > 0ns ? since_ + idle : TimePoint::max());
}

void TcpServer::expired(TimePoint now) {
  if (due() > now) return context_.loop.arm(*this, due());
  fail({.kind = now >= exchange_->deadlines.request ? exchange_->deadlines.request_reason()
                                                    : ErrorKind::timeout_stream_idle});
}

}  // namespace

std::unique_ptr<ServerConnection> make_tcp_server(const ServerContext& context,
                                                  TransportPtr transport, Peer peer,
                                                  std::string server_name) {
  return std::make_unique<TcpServer>(context, std::move(transport), std::move(peer),
                                     std::move(server_name));
}

}  // namespace skiff
