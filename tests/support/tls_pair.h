#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "sidecar/transport/tls.h"
#include "tests/support/certificates.h"
#include "tests/support/manual_clock.h"
#include "tests/support/pipe.h"

namespace skiff::test {

// One side of a connection that is being secured, and then its plain text.
class TlsSide final : public TlsHandshake::Done, public TransportUser {
 public:
  explicit TlsSide(Loop& loop) : loop_(loop) {}

  void begin(TlsContextPtr context, TransportPtr inner, TlsRequest request) {
    handshake = begin_tls(loop_, std::move(context), std::move(inner), std::move(request), *this);
  }

  bool send(std::string_view text) {
    const iovec piece{const_cast<char*>(text.data()), text.size()};
    const IoResult sent = transport->send({&piece, 1});
    return sent.kind == IoResult::Kind::done && sent.size == text.size();
  }

  // Reads until nothing is there.
  void readable() override {
    ++wakes;
    std::string buffer(read_size, '\0');
    for (;;) {
      last = transport->receive(buffer.data(), buffer.size());
      if (last.kind != IoResult::Kind::done) break;
      got.append(buffer, 0, last.size);
    }
    if (last.kind == IoResult::Kind::again) transport->wait_readable();
  }
  void writable() override { ++writables; }

  std::unique_ptr<TlsHandshake> handshake;
  TransportPtr transport;
  TlsFailure failure = TlsFailure::none;
  std::string detail;
  std::string got;
  IoResult last;
  int wakes = 0;
  int writables = 0;
  std::size_t read_size = 64 * 1024;

 private:
  void secured(TransportPtr made) override {
    handshake.reset();
    transport = std::move(made);
    transport->set_user(*this);
    transport->wait_readable();
  }
  void not_secured(TlsFailure why) override {
    failure = why;
    detail = handshake->detail();
    handshake.reset();
  }

  Loop& loop_;
};

// A client and a server on one loop, with a pipe between them.
struct TlsPair {
  explicit TlsPair(Loop& on) : loop(on), client(on), server(on) {}

  void begin(TlsContextPtr client_context, TlsContextPtr server_context,
             TlsRequest client_request = {}, TlsRequest server_request = {}) {
    client_request.role = TlsRequest::Role::client;
    server_request.role = TlsRequest::Role::server;
    server.begin(std::move(server_context), pipe.server(), std::move(server_request));
    client.begin(std::move(client_context), pipe.client(), std::move(client_request));
  }

  // One turn. False: nothing happened.
  bool step() {
    loop.io().restart();
    const bool ran = loop.io().poll() > 0;
    return pipe.deliver() || ran;
  }
  void run() {
    while (step()) {
    }
  }

  bool is_secured() const { return client.transport != nullptr && server.transport != nullptr; }

  Loop& loop;
  Pipe pipe;
  TlsSide client;
  TlsSide server;
};

}  // namespace skiff::test
